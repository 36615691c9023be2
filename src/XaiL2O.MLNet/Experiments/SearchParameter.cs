namespace XaiL2O.MLNet;

/// <summary>An option that an experiment varies. Made by <see cref="OptionSpace"/>.</summary>
public abstract class SearchParameter
{
    private protected SearchParameter(string name, string description) => (Name, Description) = (name, description);

    /// <summary>Name in histories and files.</summary>
    public string Name { get; }

    /// <summary>The range or the choices, in words.</summary>
    public string Description { get; }

    /// <summary>Whether values are numbers; otherwise they are told by a text.</summary>
    internal abstract bool IsNumber { get; }

    /// <summary>Number that stands for the default; null where none was given.</summary>
    internal abstract double? Default { get; }

    /// <summary>Draws a value, as the number that stands for it: itself, or the index of a choice.</summary>
    internal abstract double Sample(Random random);

    /// <summary>Whether a number read from a file stands for a value.</summary>
    internal abstract bool Accepts(double code);

    /// <summary>The value as text.</summary>
    internal abstract string Format(double code);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Description}";
}
