using System.Runtime.CompilerServices;
using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>
/// Tells the trainers made from a context to stop at their next look: ML.NET has this, for its own AutoML, as an internal member.
/// </summary>
internal static class ContextCancellation
{
    public static void Cancel(MLContext context)
    {
        try
        {
            CancelExecution(context);
        }
        catch (MissingMethodException)
        {
            // Another version of ML.NET may lack it. This runs on a timer's thread, where throwing would end the process; trainers then stop
            // where they read rows.
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "CancelExecution")]
    private static extern void CancelExecution(MLContext context);
}
