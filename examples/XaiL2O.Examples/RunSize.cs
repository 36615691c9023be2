namespace XaiL2O.Examples;

/// <summary>How long an example may take.</summary>
internal enum RunSize
{
    /// <summary>For a first look and for tests: fewer rows, epochs or repetitions, the same checks.</summary>
    Quick,

    /// <summary>That of the figures in the documents.</summary>
    Usual,

    /// <summary>Longer.</summary>
    Full,
}
