using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <content>The derivatives of a step, which is computed from a factorisation that records none.</content>
internal sealed partial class AffineDouglasRachford
{
    /// <summary>
    /// The step at fixed λ with its derivatives in y and in the weights, those of the operators among them: S = S(Θ) moves the affine set, and with
    /// L = N(SN)⁺ the projection z = P_V(y) and its preimage x = L(z − …) change by
    /// <code>
    /// dz = (I − QQᵀ)·dS·x + Lᵀ·dSᵀ(y − z)
    /// dx = L·(dz − dS·x)
    /// </code>
    /// </summary>
    /// <param name="parent">The iteration.</param>
    /// <param name="λ">Shape <c>[batch, 1]</c>.</param>
    private sealed class FixedStep(AffineDouglasRachford parent, Tensor λ) : Splitting
    {
        /// <summary>Most rows of S, and most entries of all matrices at a time, for which the adjoint equation is solved directly.</summary>
        private const long LargestDirect = 512;
        private const long DirectEntries = 1 << 24;

        public override SplittingState Initialize(Tensor data) => throw new NotSupportedException("The iteration starts at a fixed point.");

        public override SplittingState Step(SplittingState state, Tensor data)
        {
            var y = ((PointState)state).X;
            var (z, _) = Projection(y, data);
            return new PointState(y + parent.Proximal((2 * z) - y, λ, data) - z);
        }

        public override Tensor Inference(SplittingState state, Tensor data)
        {
            var y = ((PointState)state).X;
            var (z, image) = Projection(y, data);
            var x = parent.InferenceAt(z, y, λ, data);
            // The point that a constraint on x itself leaves is a function of z alone.
            return image is null || parent.InferenceIsProjected ? x : x - mm(image - image.detach(), parent.inferenceFromZ);
        }

        /// <summary>
        /// With D the derivative of the proximal operator, diagonal where all terms are sums over entries, ∂T/∂y = I + D(2P − I) − P, and the equation is
        /// (P + D − 2PD)v = u: a matrix of modest size per row, faster than an iteration and as exact for rows that contract slowly.
        /// </summary>
        internal override Tensor? SolveAdjoint(SplittingState fixedPoint, Tensor data, Tensor u, double damping)
        {
            var y = ((PointState)fixedPoint).X;
            var (batch, rows) = (y.shape[0], y.shape[1]);
            if (rows > LargestDirect || Derivative(y, data) is not { } D)
                return null;
            using var none = no_grad();
            var P = parent.projector ?? mm(parent.basis, parent.basis.t());
            var I = eye(rows, dtype: y.dtype, device: y.device);
            var share = Math.Max(1, DirectEntries / (rows * rows));
            var solutions = new List<Tensor>();
            for (var from = 0L; from < batch; from += share)
            {
                var (d, right) = (D.slice(0, from, Math.Min(batch, from + share), 1), u.slice(0, from, Math.Min(batch, from + share), 1));
                var equation = ((1 - damping) * (P + (d.unsqueeze(2) * I) - (2 * P * d.unsqueeze(1)))) + (damping * I);
                solutions.Add(linalg.solve(equation, right.unsqueeze(2)).squeeze(2));
            }

            return cat(solutions, 0);
        }

        /// <summary>The diagonal of D, shape of y; null where D has other entries.</summary>
        private Tensor? Derivative(Tensor y, Tensor data)
        {
            using var grad = enable_grad();
            var point = ((2 * parent.Project(y, data)) - y).detach().requires_grad_(true);
            var p = parent.Proximal(point, λ, data);
            using var generator = new Generator(1);
            var probe = rand(y.shape, dtype: ScalarType.Float64, generator: generator).to(y.dtype).to(y.device);
            var diagonal = autograd.grad([p], [point], [ones_like(p)], retain_graph: true)[0];
            var probed = autograd.grad([p], [point], [probe])[0];
            // A derivative with other entries adds them up with other weights.
            var entrywise = (probed - (probe * diagonal)).abs().max().ToDouble() <= 1e-4 * diagonal.abs().max().ToDouble();
            return entrywise ? diagonal : null;
        }

        public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null) =>
            throw new NotSupportedException("Fixed points are judged by the iteration itself.");

        /// <summary>z with its derivatives, and Sx at constant x where weights are in S.</summary>
        private (Tensor Z, Tensor? Image) Projection(Tensor y, Tensor data)
        {
            var z = parent.Project(y, data);
            Tensor x, rest;
            using (no_grad())
            {
                x = mm(z, parent.inferenceFromZ);
                if (parent.inferenceFromData is not null)
                    x = x + mm(parent.Measured(data), parent.inferenceFromData);
                rest = y - z;
            }

            var image = cat([.. parent.parts.Select(b => b.Scale * b.Term.Operator.Apply(x))], 1);
            if (!image.requires_grad)
                return (z, null);
            var force = parent.parts.Select(b => b.Term.Operator.ApplyAdjoint(b.Scale * rest.narrow(1, b.From, b.Length))).Aggregate((sum, part) => sum + part);
            var change = image - mm(mm(image, parent.basis), parent.basis.t()) + mm(force, parent.inferenceFromZ.t());
            return (z + (change - change.detach()), image);
        }
    }
}
