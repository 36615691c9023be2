using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace XaiL2O.Trainers;

/// <summary>
/// The elementwise parts of <see cref="AdaptiveRegularizer"/> without gradients: one pass over memory each where libtorch takes a dozen, which is
/// what an iteration of the solve spends most of its time on. Single precision on the CPU; rows of pixels are shared among the cores.
/// </summary>
internal static class AdaptiveShrinkage
{
    /// <summary>Above this a magnitude counts as this, so that the product of four stays finite.</summary>
    private const float LargestMagnitude = 1e9f;

    /// <summary>About how many multiplications an entry takes, logarithms among them.</summary>
    private const long WorkPerEntry = 10;

    /// <summary>Whether these methods can stand in for tensor operations on the features.</summary>
    public static bool Handles(Tensor features) => !is_grad_enabled() && features.dtype == ScalarType.Float32 && features.device_type == DeviceType.CPU;

    /// <summary>log(1 + |t|/θ₀), averaged over 2 × 2 pixels; at the border of odd sizes over those that exist.</summary>
    /// <param name="features">t, shape <c>[batch, H, n, m]</c>.</param>
    /// <param name="logThreshold">log θ₀, shape <c>[1, H, 1, 1]</c>.</param>
    /// <returns>Shape <c>[batch, H, ⌈n/2⌉, ⌈m/2⌉]</c>, channels innermost.</returns>
    public static Tensor PooledMagnitudes(Tensor features, Tensor logThreshold)
    {
        var (batch, channels, height, width) = Shape(features);
        using var scope = NewDisposeScope();
        var t = features.permute(0, 2, 3, 1).contiguous();
        var scale = Array.ConvertAll(PerChannel(logThreshold), v => MathF.Exp(-v));
        var (rows, columns) = ((height + 1) / 2, (width + 1) / 2);
        var result = empty(batch, rows, columns, channels, dtype: ScalarType.Float32);
        Rows(batch * rows, WorkPerEntry * t.numel(), row =>
        {
            var (image, i) = (row / rows, row % rows);
            var line = width * channels;
            var pixels = MemoryMarshal.Cast<byte, float>(t.bytes);
            var above = pixels.Slice(((image * height) + (2 * i)) * line, line);
            // The mean over what exists of a block is the mean over the block with its last row or column repeated.
            var below = 2 * i + 1 < height ? pixels.Slice(((image * height) + (2 * i) + 1) * line, line) : above;
            var pooled = MemoryMarshal.Cast<byte, float>(result.bytes).Slice(row * columns * channels, columns * channels);
            for (var j = 0; j < columns; j++)
            {
                var (left, right) = (2 * j * channels, Math.Min((2 * j) + 1, width - 1) * channels);
                var c = 0;
                for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
                {
                    var s = new Vector<float>(scale, c);
                    Product(
                        Magnitude(new Vector<float>(above[(left + c)..]), s),
                        Magnitude(new Vector<float>(above[(right + c)..]), s),
                        Magnitude(new Vector<float>(below[(left + c)..]), s),
                        Magnitude(new Vector<float>(below[(right + c)..]), s)).CopyTo(pooled[((j * channels) + c)..]);
                }

                for (; c < channels; c++)
                {
                    var s = new Vector<float>(scale[c]);
                    pooled[(j * channels) + c] = Product(
                        Magnitude(new Vector<float>(above[left + c]), s),
                        Magnitude(new Vector<float>(above[right + c]), s),
                        Magnitude(new Vector<float>(below[left + c]), s),
                        Magnitude(new Vector<float>(below[right + c]), s))[0];
                }
            }

            TensorPrimitives.Log(pooled, pooled);
            TensorPrimitives.Multiply(pooled, 0.25f, pooled);
        });
        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// φ(t) of <see cref="FirmShrinkage"/> with log θ = log θ₀ + range·tanh(c), where c is upsampled bilinearly by 2.
    /// </summary>
    /// <param name="features">t, shape <c>[batch, H, n, m]</c>.</param>
    /// <param name="logThreshold">log θ₀, shape <c>[1, H, 1, 1]</c>.</param>
    /// <param name="context">c before upsampling, shape <c>[batch, H, ⌈n/2⌉, ⌈m/2⌉]</c>.</param>
    /// <param name="range">How far log θ moves at most.</param>
    /// <param name="concavity">μ.</param>
    /// <returns>Shape of <paramref name="features"/>, channels innermost.</returns>
    public static Tensor Apply(Tensor features, Tensor logThreshold, Tensor context, double range, double concavity)
    {
        var (batch, channels, height, width) = Shape(features);
        using var scope = NewDisposeScope();
        var t = features.permute(0, 2, 3, 1).contiguous();
        var coarse = context.permute(0, 2, 3, 1).contiguous();
        var (rows, columns) = ((int)coarse.shape[1], (int)coarse.shape[2]);
        var start = PerChannel(logThreshold);
        var (factor, μ) = (new Vector<float>((float)range), new Vector<float>((float)concavity));
        var result = empty_like(t);
        Rows(batch * height, WorkPerEntry * t.numel(), row =>
        {
            var (image, y) = (row / height, row % height);
            var line = width * channels;
            var source = MemoryMarshal.Cast<byte, float>(t.bytes).Slice(row * line, line);
            var target = MemoryMarshal.Cast<byte, float>(result.bytes).Slice(row * line, line);
            var all = MemoryMarshal.Cast<byte, float>(coarse.bytes).Slice(image * rows * columns * channels, rows * columns * channels);
            var (above, below, down) = Neighbours(y, rows);
            var first = all.Slice(above * columns * channels, columns * channels);
            var second = all.Slice(below * columns * channels, columns * channels);
            var pooled = ArrayPool<float>.Shared.Rent(columns * channels);
            var blended = pooled.AsSpan(0, columns * channels);
            TensorPrimitives.Subtract(second, first, blended);
            TensorPrimitives.MultiplyAdd(blended, down, first, blended);
            for (var x = 0; x < width; x++)
            {
                var (left, right, across) = Neighbours(x, columns);
                var share = new Vector<float>(across);
                var (a, b, at) = (left * channels, right * channels, x * channels);
                var c = 0;
                for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
                {
                    var from = new Vector<float>(blended[(a + c)..]);
                    var context = from + (share * (new Vector<float>(blended[(b + c)..]) - from));
                    Shrink(new Vector<float>(source[(at + c)..]), context, new Vector<float>(start, c), factor, μ).CopyTo(target[(at + c)..]);
                }

                for (; c < channels; c++)
                {
                    var context = new Vector<float>(blended[a + c] + (across * (blended[b + c] - blended[a + c])));
                    target[at + c] = Shrink(new Vector<float>(source[at + c]), context, new Vector<float>(start[c]), factor, μ)[0];
                }
            }

            ArrayPool<float>.Shared.Return(pooled);
        });
        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>1 + |t|/θ₀.</summary>
    private static Vector<float> Magnitude(Vector<float> t, Vector<float> scale) =>
        Vector<float>.One + Vector.MinNative(new Vector<float>(LargestMagnitude), Vector.Abs(t) * scale);

    private static Vector<float> Product(Vector<float> a, Vector<float> b, Vector<float> c, Vector<float> d) => a * b * (c * d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Shrink(Vector<float> t, Vector<float> context, Vector<float> start, Vector<float> range, Vector<float> μ)
    {
        // tanh c = 1 − 2/(e²ᶜ + 1), also where e²ᶜ is 0 or ∞.
        var tanh = Vector<float>.One - (new Vector<float>(2) / (Exp(context + context) + Vector<float>.One));
        var θ = Exp(Vector.FusedMultiplyAdd(range, tanh, start));
        // θ·clip₁(t/θ) = clip_θ(t), and the same with μt.
        return Clip(t, θ) - Clip(μ * t, θ);
    }

    /// <summary>eˣ to two units in the last place for |x| up to 87, beyond which x is cut off; <see cref="Vector.Exp(Vector{float})"/> computes in double precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exp(Vector<float> x)
    {
        x = Vector.MaxNative(new Vector<float>(-87), Vector.MinNative(new Vector<float>(87), x));
        // x = n·log 2 + r with log 2 in two parts, the first of few digits; eʳ by a minimax polynomial on |r| ≤ log 2/2.
        var n = Vector.Floor(Vector.FusedMultiplyAdd(x, new Vector<float>(1.44269504f), new Vector<float>(0.5f)));
        var r = Vector.FusedMultiplyAdd(n, new Vector<float>(2.12194440e-4f), Vector.FusedMultiplyAdd(n, new Vector<float>(-0.693359375f), x));
        var p = new Vector<float>(1.9875691500e-4f);
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1.3981999507e-3f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(8.3334519073e-3f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(4.1665795894e-2f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(1.6666665459e-1f));
        p = Vector.FusedMultiplyAdd(p, r, new Vector<float>(5.0000001201e-1f));
        var power = Vector.AsVectorSingle((Vector.ConvertToInt32Native(n) + new Vector<int>(127)) << 23);
        return Vector.FusedMultiplyAdd(Vector.FusedMultiplyAdd(p, r, Vector<float>.One), r, Vector<float>.One) * power;
    }

    // The native minimum and maximum give their second argument where one is NaN: a NaN of t stays one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Clip(Vector<float> t, Vector<float> θ) => Vector.MaxNative(-θ, Vector.MinNative(θ, t));

    /// <summary>The two pixels between which bilinear upsampling by 2 without aligned corners interpolates, and the share of the second.</summary>
    private static (int First, int Second, float Share) Neighbours(int fine, int count)
    {
        var first = (fine - 1) >> 1;
        return (Math.Max(first, 0), Math.Min(first + 1, count - 1), fine % 2 == 0 ? 0.75f : 0.25f);
    }

    private static (int Batch, int Channels, int Height, int Width) Shape(Tensor t) => ((int)t.shape[0], (int)t.shape[1], (int)t.shape[2], (int)t.shape[3]);

    private static float[] PerChannel(Tensor t) => t.detach().flatten().data<float>().ToArray();

    private static void Rows(int count, long work, Action<int> row)
    {
        var parts = Math.Min(count, 4 * Environment.ProcessorCount);
        ParallelLoop.For(parts, work, part =>
        {
            for (var i = (int)((long)count * part / parts); i < (int)((long)count * (part + 1) / parts); i++)
                row(i);
        });
    }
}
