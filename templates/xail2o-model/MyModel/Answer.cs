using Microsoft.ML.Data;

/// <summary>What the model says of a row.</summary>
public sealed class Answer
{
    /// <summary>The estimated signal.</summary>
    [VectorType(48)]
    public float[] Estimate { get; set; } = [];

    /// <summary>Whether every certificate stands.</summary>
    public bool Trustworthy { get; set; }

    /// <summary>Which certificate does not, by how much, and what usually causes it.</summary>
    public string Explanation { get; set; } = "";
}
