using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>What a report says of columns that something else than a certifier appended.</summary>
internal interface IReportPart
{
    /// <summary>Columns that are read.</summary>
    IEnumerable<string> ColumnNames { get; }

    /// <summary>Makes what takes the row that the cursor is on, of a set.</summary>
    Action<string> Open(DataViewRow row);

    /// <summary>The report with what was read.</summary>
    CertificateReport AddTo(CertificateReport report);
}
