using System.Globalization;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// Patch embeddings of all pictures, or an even random share of each when they are too many: only what is kept is held. Which patches
/// of a picture are kept depends on its content, the seed and how many are wanted, not on the other pictures.
/// </summary>
internal sealed class PatchSample
{
    private readonly int pictures, perPicture, seed;
    private readonly float[] rows;
    private readonly int capacity;
    private readonly List<int> starts = [];   // of each picture's embeddings

    /// <summary>Pictures whose embeddings are held.</summary>
    public int Pictures => starts.Count;

    public int Dimension { get; }

    /// <summary>Embeddings held.</summary>
    public int Count { get; private set; }

    /// <summary>Embeddings offered.</summary>
    public long Seen { get; private set; }

    /// <summary>float32 [Count, Dimension].</summary>
    public ReadOnlySpan<float> Rows => rows.AsSpan(0, Count * Dimension);

    /// <param name="pictures">How many will be offered at most.</param>
    /// <param name="perPicture">Patches of a picture.</param>
    /// <param name="most">Embeddings held at most.</param>
    public PatchSample(int pictures, int perPicture, int dimension, int most, int seed)
    {
        (this.pictures, this.perPicture, Dimension, this.seed) = (pictures, perPicture, dimension, seed);
        long kept = Math.Min(most, (long)pictures * perPicture);
        if (kept * dimension > Array.MaxLength) throw new EdgeException($"{kept} patches of {dimension} values do not fit in memory; lower --max-patches.");
        capacity = (int)kept;
        rows = GC.AllocateUninitializedArray<float>(capacity * dimension);
    }

    /// <param name="sha256">Of the picture.</param>
    /// <param name="embeddings">float32 [perPicture, Dimension].</param>
    public void Add(string sha256, ReadOnlySpan<float> embeddings)
    {
        int share = (int)((Pictures + 1L) * capacity / pictures - (long)Pictures * capacity / pictures);
        starts.Add(Count);
        Seen += perPicture;
        int[] patches = [.. Enumerable.Range(0, perPicture)];
        if (share < perPicture)
        {
            int content = int.Parse(sha256.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            new Random(content ^ seed).Shuffle(patches);
            Array.Sort(patches, 0, share);
        }
        foreach (int patch in patches.AsSpan(0, share))
            embeddings.Slice(patch * Dimension, Dimension).CopyTo(rows.AsSpan(Count++ * Dimension));
    }

    /// <summary>The embeddings of all pictures but one.</summary>
    public PatchSample Without(int picture)
    {
        int from = starts[picture], to = picture + 1 < Pictures ? starts[picture + 1] : Count;
        PatchSample others = new(Pictures - 1, perPicture, Dimension, Count - (to - from), seed) { Count = Count - (to - from), Seen = Seen - perPicture };
        Rows[..(from * Dimension)].CopyTo(others.rows);
        Rows[(to * Dimension)..].CopyTo(others.rows.AsSpan(from * Dimension));
        for (int i = 0; i < Pictures; i++)
            if (i != picture) others.starts.Add(i < picture ? starts[i] : starts[i] - (to - from));
        return others;
    }

    /// <summary>The same patches in fewer dimensions.</summary>
    public PatchSample Reduced(PrincipalComponents components)
    {
        PatchSample reduced = new(Pictures, perPicture, components.Count, Count, seed) { Count = Count, Seen = Seen };
        components.Apply(Rows).CopyTo(reduced.rows.AsSpan());
        reduced.starts.AddRange(starts);
        return reduced;
    }

    public float[] Pick(ReadOnlySpan<int> indices)
    {
        float[] picked = new float[indices.Length * Dimension];
        for (int i = 0; i < indices.Length; i++) Rows.Slice(indices[i] * Dimension, Dimension).CopyTo(picked.AsSpan(i * Dimension));
        return picked;
    }
}
