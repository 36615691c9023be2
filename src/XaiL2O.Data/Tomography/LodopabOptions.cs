using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Data;

/// <summary>How images are read from LoDoPaB files.</summary>
public sealed record LodopabOptions
{
    /// <summary>Which files of a folder: <c>ground_truth_{Part}_*.hdf5</c>. Default <c>train</c>; the data set has <c>validation</c> and <c>test</c> too.</summary>
    public string Part { get; init; } = "train";

    /// <summary>Rows and columns of the images asked for; at least 1. Default 128.</summary>
    public int ImageSize { get; init; } = 128;

    /// <summary>
    /// Rows and columns of the square that is cut out of each slice before it is resampled to <see cref="ImageSize"/>; the whole slice when null.
    /// </summary>
    public int? CropSize { get; init; }

    /// <summary>Whether the square is cut at a random place; in the middle otherwise. Default false.</summary>
    public bool RandomCrop { get; init; }

    /// <summary>Whether each image is mirrored with probability ½. Default false.</summary>
    public bool RandomFlip { get; init; }

    /// <summary>Whether each image is turned by a random multiple of 90°. Default false.</summary>
    public bool RandomRotation { get; init; }

    /// <summary>How many rows each slice gives, one after the other pass over the files; at least 1. Useful with random choices. Default 1.</summary>
    public int Repetitions { get; init; } = 1;

    /// <summary>Seed of the random choices. A row's choices depend on it, the file, the slice and the repetition alone. Default 1.</summary>
    public int Seed { get; init; } = 1;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Part);
        Check.Whole(ImageSize, 1, 16_384);
        Check.Whole(CropSize ?? 1, 1, 16_384, nameof(CropSize));
        OptionCheck.AtLeast(Repetitions, 1);
    }
}
