using Microsoft.ML;
using TorchSharp;

namespace XaiL2O.MLNet;

/// <summary>Reads two vector columns of a view into matrices, row by row.</summary>
internal static class FloatTable
{
    /// <exception cref="InvalidOperationException">The view has no rows.</exception>
    public static (torch.Tensor First, torch.Tensor Second) Read(IDataView input, string first, int firstSize, string second, int secondSize, int limit, CancellationToken cancellation)
    {
        var (a, b) = (input.Schema[first], input.Schema[second]);
        using var cursor = input.GetRowCursor(a.Index == b.Index ? [a] : [a, b]);
        var (firsts, seconds) = (new FloatRows(cursor, a, firstSize), new FloatRows(cursor, b, secondSize));
        var (firstValues, secondValues) = (new List<float>(), new List<float>());
        var (firstRow, secondRow) = (new float[firstSize], new float[secondSize]);
        for (var row = 0; row < limit && cursor.MoveNext(); row++)
        {
            cancellation.ThrowIfCancellationRequested();
            firsts.Read(firstRow);
            seconds.Read(secondRow);
            firstValues.AddRange(firstRow);
            secondValues.AddRange(secondRow);
        }

        if (firstValues.Count == 0)
            throw new InvalidOperationException("There are no rows to train on.");
        return (torch.tensor(firstValues.ToArray()).reshape(-1, firstSize), torch.tensor(secondValues.ToArray()).reshape(-1, secondSize));
    }
}
