using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.Data;

/// <summary>
/// Images of LoDoPaB-CT files (doi 10.1038/s41597-021-00893-z) as rows, read slice by slice: <c>Image</c>, a vector of n² <see cref="float"/>
/// row-major; <c>Slice</c>, the number of the slice in its file; <c>File</c>, the file's name.
/// </summary>
/// <remarks>Files are opened when a cursor moves to them and checked then; what is wrong with one is said by an <see cref="InvalidDataException"/>.</remarks>
internal sealed class LodopabView : IDataView
{
    private readonly string[] files;
    private readonly LodopabOptions options;
    private readonly Once<long> count;

    public LodopabView(string folder, LodopabOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        options.Validate();
        this.options = options;
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder {folder} does not exist.");
        files = [.. Directory.GetFiles(folder, $"ground_truth_{options.Part}_*.hdf5").Order(StringComparer.Ordinal)];
        if (files.Length == 0)
            throw new FileNotFoundException($"The folder {folder} has no files ground_truth_{options.Part}_*.hdf5.");
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Image", new VectorDataViewType(NumberDataViewType.Single, options.ImageSize * options.ImageSize));
        builder.AddColumn("Slice", NumberDataViewType.Int32);
        builder.AddColumn("File", TextDataViewType.Instance);
        Schema = builder.ToSchema();
        count = new Once<long>(() => options.Repetitions * files.Sum(path =>
        {
            using var file = new LodopabFile(path);
            return (long)file.Slices;
        }));
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => count.Value;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, [.. columnsNeeded.Select(c => c.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(LodopabView parent, HashSet<int> active) : DataViewRowCursor
    {
        private readonly LodopabOptions options = parent.options;
        private LodopabFile? file;
        private int fileIndex;
        private int repetition;
        private int slice = -1;
        private long position = -1;
        private (long Position, float[] Image) loaded = (-1, []);

        public override DataViewSchema Schema => parent.Schema;

        public override long Position => position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override bool MoveNext()
        {
            Interruption.Check();
            while (repetition < options.Repetitions)
            {
                file ??= new LodopabFile(parent.files[fileIndex]);
                if (++slice < file.Slices)
                {
                    position++;
                    return true;
                }

                file.Dispose();
                (file, slice) = (null, -1);
                if (++fileIndex == parent.files.Length)
                    (fileIndex, repetition) = (0, repetition + 1);
            }

            position = -1;
            return false;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)Position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException($"The column '{column.Name}' was not asked for when the cursor was made.");
            Delegate getter = column.Index switch
            {
                0 => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(Image(), ref value)),
                1 => (ValueGetter<int>)((ref int value) => value = Slice()),
                _ => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = Path.GetFileName(Current().Path).AsMemory()),
            };
            return getter as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"The column '{column.Name}' holds {column.Type.RawType}, not {typeof(TValue)}.");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                file?.Dispose();
            base.Dispose(disposing);
        }

        private LodopabFile Current() =>
            position >= 0 && file is not null ? file : throw new InvalidOperationException("The cursor is not on a row; call MoveNext first.");

        private int Slice()
        {
            _ = Current();
            return slice;
        }

        private float[] Image()
        {
            if (loaded.Position != position || position < 0)
                loaded = (position, Make(Current()));
            return loaded.Image;
        }

        private float[] Make(LodopabFile source)
        {
            var cut = options.CropSize ?? source.Size;
            if (cut > source.Size)
                throw new InvalidDataException($"{source.Path} has slices of {source.Size}×{source.Size} pixels; {nameof(LodopabOptions.CropSize)} = {cut} does not fit.");
            var random = new Random(Seed());
            var room = source.Size - cut + 1;
            // Every choice is drawn whether it is used or not, so that switching one on does not change the others.
            var (top, left, mirror, quarters) = (random.Next(room), random.Next(room), random.Next(2) == 1, random.Next(4));
            if (!options.RandomCrop)
                (top, left) = (room / 2, room / 2);
            var image = SliceGeometry.Cut(source.Read(slice), source.Size, top, left, cut);
            image = SliceGeometry.Turn(image, cut, options.RandomFlip && mirror, options.RandomRotation ? quarters : 0);
            return SliceGeometry.Resample(image, cut, options.ImageSize);
        }

        /// <summary>A hash that is the same in every process.</summary>
        private int Seed()
        {
            var hash = 2166136261u;
            foreach (var part in (int[])[options.Seed, fileIndex, slice, repetition])
                hash = (hash ^ (uint)part) * 16777619u;
            return (int)(hash & int.MaxValue);
        }

        private static void Copy(float[] image, ref VBuffer<float> value)
        {
            var editor = VBufferEditor.Create(ref value, image.Length);
            image.CopyTo(editor.Values);
            value = editor.Commit();
        }
    }
}
