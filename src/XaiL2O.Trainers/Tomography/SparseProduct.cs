using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The product with a constant sparse matrix as a differentiable function: the gradient goes through the transpose.</summary>
internal sealed class SparseProduct : autograd.SingleTensorFunction<SparseProduct>
{
    private const string Adjoint = nameof(Adjoint);

    public override string Name => nameof(SparseProduct);

    /// <summary>matrix·x for every row x; <paramref name="adjoint"/> is the transpose of <paramref name="matrix"/>.</summary>
    public static Tensor Of(SparseMatrix matrix, SparseMatrix adjoint, Tensor x) =>
        is_grad_enabled() && x.requires_grad ? apply(x, matrix, adjoint) : matrix.Multiply(x);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(Adjoint, vars[2]);
        return ((SparseMatrix)vars[1]).Multiply((Tensor)vars[0]);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        [((SparseMatrix)ctx.get_data(Adjoint)).Multiply(grad_output), null!, null!];
}
