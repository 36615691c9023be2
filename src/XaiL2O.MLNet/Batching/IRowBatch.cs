namespace XaiL2O.MLNet;

/// <summary>Inputs of several rows, filled one row at a time and computed together.</summary>
internal interface IRowBatch
{
    /// <summary>Copies the inputs of the source row, as it stands now, into a slot.</summary>
    void Read(int slot);

    /// <summary>Computes the outputs of slots 0 … rows − 1: per output column an array whose element type is the column's raw type.</summary>
    Array[] Compute(int rows);
}
