/// <summary>What the model says of a row.</summary>
public sealed class Answer
{
    /// <summary>The true state; empty where nobody knows it yet.</summary>
    public string State { get; set; } = "";

    /// <summary>The predicted state.</summary>
    public string Predicted { get; set; } = "";

    /// <summary>Whether every certificate stands.</summary>
    public bool Trustworthy { get; set; }

    /// <summary>Which certificate does not, by how much, and what usually causes it.</summary>
    public string Explanation { get; set; } = "";
}
