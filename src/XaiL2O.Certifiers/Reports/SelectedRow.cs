namespace XaiL2O.Certifiers;

/// <summary>A row on which a selection has decided.</summary>
/// <param name="Selected">Whether it is selected.</param>
/// <param name="Bad">Whether it is bad; null where the truth is not known.</param>
/// <param name="PValue">Its conformal p-value; NaN where a stream was decided on row by row.</param>
public readonly record struct SelectedRow(bool Selected, bool? Bad, double PValue = double.NaN);
