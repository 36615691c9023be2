namespace XaiL2O.Trainers;

/// <summary>How the steps of training follow from gradients.</summary>
public enum OptimizerKind
{
    /// <summary>Adam (Kingma and Ba 2015, arXiv 1412.6980).</summary>
    Adam,

    /// <summary>
    /// SOAP (Vyas et al. 2024, arXiv 2409.11321): Adam in a basis in which the gradients of a kernel's outputs, and those of its inputs, are
    /// uncorrelated. Often half the steps. Memory and time per step grow with the squares of both numbers: for kernels of up to a few hundred inputs.
    /// </summary>
    Soap,
}
