using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Reads whether all that judged a row trust it; true where nothing did.</summary>
internal sealed class TrustReader(DataViewRow row)
{
    private readonly ValueGetter<bool>[] getters = [.. CertificateColumns.OfTrust(row.Schema).Select(row.GetGetter<bool>)];

    public bool Read()
    {
        foreach (var getter in getters)
        {
            var trusted = false;
            getter(ref trusted);
            if (!trusted)
                return false;
        }

        return true;
    }
}
