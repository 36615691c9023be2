using System.Globalization;
using System.Text;
using Google.OrTools.ModelBuilder;

namespace XaiL2O.Trainers.Tests;

/// <summary>The nearest point of a polyhedron, min ½‖x‖² + gᵀx s.t. l ≤ Cx ≤ u, by PDLP of Google OR-Tools. What it offers to .NET has no quadratic objectives; the text form of its models has.</summary>
internal sealed class PdlpProgram : IDisposable
{
    private readonly ModelBuilderHelper model = new();
    private readonly ModelSolverHelper solver = new("pdlp");

    public PdlpProgram(double[,] C, double[] g, double[] l, double[] u, double tolerance)
    {
        static string Text(double v) => double.IsInfinity(v) ? v > 0 ? "inf" : "-inf" : v.ToString("R", CultureInfo.InvariantCulture);
        var text = new StringBuilder();
        foreach (var value in g)
            text.Append(CultureInfo.InvariantCulture, $"variable {{ lower_bound: -inf upper_bound: inf objective_coefficient: {Text(value)} }}\n");
        for (var i = 0; i < l.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"constraint {{ lower_bound: {Text(l[i])} upper_bound: {Text(u[i])}");
            for (var j = 0; j < g.Length; j++)
                text.Append(CultureInfo.InvariantCulture, $" var_index: {j} coefficient: {Text(C[i, j])}");
            text.Append(" }\n");
        }

        text.Append("quadratic_objective {");
        for (var j = 0; j < g.Length; j++)
            text.Append(CultureInfo.InvariantCulture, $" qvar1_index: {j} qvar2_index: {j} coefficient: 0.5");
        text.Append(" }\n");
        var path = Path.GetTempFileName();
        File.WriteAllText(path, text.ToString());
        if (!model.ReadModelFromProtoFile(path))
            throw new InvalidOperationException("PDLP does not take the model.");
        File.Delete(path);
        solver.SetSolverSpecificParameters($"termination_criteria {{ simple_optimality_criteria {{ eps_optimal_absolute: {Text(tolerance)} eps_optimal_relative: {Text(tolerance)} }} }}");
    }

    /// <summary>The least value of the objective.</summary>
    public double Solve()
    {
        solver.Solve(model);
        return solver.HasSolution() ? solver.ObjectiveValue() : throw new InvalidOperationException("PDLP finds no solution.");
    }

    public void Dispose()
    {
        solver.Dispose();
        model.Dispose();
    }
}
