namespace XaiL2O.Trainers;

/// <summary>TorchSharp's native library could not be loaded; the message names the cause and the remedy.</summary>
public sealed class LibTorchException : InvalidOperationException
{
    /// <summary>Creates the exception without a message.</summary>
    public LibTorchException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Cause and remedy.</param>
    public LibTorchException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Cause and remedy.</param>
    /// <param name="innerException">What the loader threw.</param>
    public LibTorchException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
