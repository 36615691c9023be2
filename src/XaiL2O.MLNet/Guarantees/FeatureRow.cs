using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A row that holds features alone, for a model that was fitted on such rows.</summary>
internal sealed class FeatureRow : DataViewRow
{
    public const string Features = "Features";
    public const string Label = "Label";
    public const string Score = "Score";
    private long position = -1;

    /// <param name="schema">That to which the model is bound, made by <see cref="SchemaOf"/>.</param>
    public FeatureRow(DataViewSchema schema) => (Values, Schema) = (new float[((VectorDataViewType)schema[0].Type).Size], schema);

    /// <summary>What the row holds; <see cref="Next"/> makes it known.</summary>
    public float[] Values { get; }

    public override DataViewSchema Schema { get; }

    public override long Position => position;

    public override long Batch => 0;

    public static DataViewSchema SchemaOf(int size)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(Features, new VectorDataViewType(NumberDataViewType.Single, size));
        builder.AddColumn(Label, NumberDataViewType.Single);
        return builder.ToSchema();
    }

    /// <summary>The values are those of another row.</summary>
    public void Next() => position++;

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < Schema.Count;

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)position, 0);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        Delegate getter = column.Index == 0
            ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
            {
                var editor = VBufferEditor.Create(ref value, Values.Length);
                Values.CopyTo(editor.Values);
                value = editor.Commit();
            })
            : (ValueGetter<float>)((ref float value) => value = float.NaN);
        return (ValueGetter<TValue>)getter;
    }
}
