using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace XaiL2O.Examples;

/// <summary>
/// Quantiles of the truth by a random forest of ML.NET: a row's are those of the training truths in the leaves that it falls into (Meinshausen, <i>Quantile Regression Forests</i>, 2006).
/// </summary>
internal sealed class QuantileForest
{
    private readonly (RegressionTreeBase Tree, float[][] Leaves)[] trees;

    public QuantileForest(MLContext ml, TabularRow[] training, int numberOfTrees, int leaves, int smallestLeaf)
    {
        var forest = ml.Regression.Trainers.FastForest(new FastForestRegressionTrainer.Options { NumberOfTrees = numberOfTrees, NumberOfLeaves = leaves, MinimumExampleCountPerLeaf = smallestLeaf, NumberOfThreads = 1, Seed = 1 })
            .Fit(TabularRow.View(ml, training));
        trees =
        [
            .. forest.Model.TrainedTreeEnsemble.Trees.Select(tree =>
            {
                var truths = training.GroupBy(r => Leaf(tree, r.Features)).ToDictionary(g => g.Key, g => g.Select(r => r.Label).ToArray());
                return ((RegressionTreeBase)tree, Enumerable.Range(0, tree.NumberOfLeaves).Select(l => truths.GetValueOrDefault(l, [])).ToArray());
            }),
        ];
    }

    /// <summary>Quantiles of a row.</summary>
    public (float Low, float High) Quantiles(float[] features, double low, double high)
    {
        var weighted = trees.SelectMany(t => t.Leaves[Leaf(t.Tree, features)] is var leaf ? leaf.Select(v => (Value: v, Weight: 1.0 / leaf.Length)) : []).OrderBy(v => v.Value).ToArray();
        var total = weighted.Sum(v => v.Weight);
        float At(double share)
        {
            var sum = 0.0;
            return weighted.First(v => (sum += v.Weight) >= (share * total) - 1e-9).Value;
        }

        return (At(low), At(high));
    }

    private static int Leaf(RegressionTreeBase tree, float[] features)
    {
        if (tree.NumberOfNodes == 0)
            return 0;
        var node = 0;
        while (node >= 0)
            node = features[tree.NumericalSplitFeatureIndexes[node]] <= tree.NumericalSplitThresholds[node] ? tree.LeftChild[node] : tree.RightChild[node];
        return ~node;
    }
}
