namespace Edge.Training.Methods.PatchCore;

/// <summary>How the memory bank is chosen among the patches: greedy k-center, or at random (the paper's baseline).</summary>
internal enum BankSampling { Coreset, Random }

/// <summary>What is chosen for PatchCore before training.</summary>
internal sealed record PatchCoreOptions
{
    /// <summary>Dimensions of the random projection in which the coreset is selected (Johnson-Lindenstrauss).</summary>
    public const int Projection = 128;

    /// <summary>Of a smoke run.</summary>
    public const int QuickPatches = 5_000;

    public const long UsualMemory = 64 << 20;
    public const long MostMemory = 1L << 30;   // a graph file is below 2 GiB

    public const int MostNeighbours = 64;

    public BankSampling Sampling { get; init; }

    /// <summary>b of eq. 7.</summary>
    public int Neighbours { get; init; } = MemoryBank.UsualNeighbours;

    /// <summary>Eq. 7: the score grows where the nearest row's neighbours are far as well. Without it the score is eq. 6, the farthest patch's distance.</summary>
    public bool Reweighting { get; init; } = true;

    public BankStorage Bank { get; init; }

    /// <summary>Principal components that embeddings are reduced to.</summary>
    public int? Components { get; init; }

    /// <summary>As few components as explain this share of the variance.</summary>
    public double? Variance { get; init; }

    /// <summary>Fraction of the patches kept as memory bank, (0, 1].</summary>
    public double CoresetRatio { get; init; } = 0.1;

    /// <summary>Most bytes of the memory bank in the package.</summary>
    public long MemoryBytes { get; init; } = UsualMemory;

    /// <summary>Patches the coreset is selected from; more are sampled down to this many, picture by picture.</summary>
    public int MaxPatches { get; init; } = 150_000;

    public int Seed { get; init; }

    /// <summary>0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Neighbours kept with each row.</summary>
    public int NeighboursKept => Reweighting ? Neighbours : 0;

    /// <summary>Rows of the memory bank: the smallest of ratio, memory budget and patches, and at least the neighbours eq. 7 needs.</summary>
    /// <exception cref="EdgeException">The budget is too small for any bank.</exception>
    public int BankRows(int patches, int dimension)
    {
        long perRow = MemoryBank.BytesPerRow(dimension, NeighboursKept, Bank), affordable = MemoryBytes / perRow, least = Math.Min(Math.Max(NeighboursKept, 1), patches);
        if (affordable < least) throw new EdgeException($"--memory {MemoryBytes} bytes holds {affordable} patch embeddings of {perRow} bytes; at least {least * perRow} bytes are needed.");
        return (int)Math.Max(least, Math.Min(affordable, (long)Math.Floor(CoresetRatio * patches)));
    }

    /// <exception cref="EdgeException">A value is out of range.</exception>
    public PatchCoreOptions Check()
    {
        if (CoresetRatio is not (> 0 and <= 1)) throw new EdgeException($"--coreset {CoresetRatio} is not a fraction above 0 and at most 1.");
        if (MemoryBytes is <= 0 or > MostMemory) throw new EdgeException($"--memory must be above 0 and at most {MostMemory >> 20}MiB.");
        if (Neighbours is < 2 or > MostNeighbours) throw new EdgeException($"--neighbours {Neighbours} must be 2 to {MostNeighbours}: the nearest row is one of them, and another must be there to weigh it against (--reweighting off does without).");
        if (MaxPatches < Neighbours) throw new EdgeException($"--max-patches {MaxPatches} is too few; at least {Neighbours} are needed.");
        if (Components is not null && Variance is not null) throw new EdgeException("--components and --variance both say how far embeddings are reduced: give one.");
        if (Components is < 1) throw new EdgeException($"--components {Components} must be at least 1.");
        if (Variance is not null and not (> 0 and <= 1)) throw new EdgeException($"--variance {Variance} must be above 0 and at most 1.");
        return this;
    }
}
