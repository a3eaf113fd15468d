namespace Edge.Training.Data.Quality;

/// <summary>
/// A picture as 64 × 64 gray levels, and their 8 × 8 block means. Two pictures are near duplicates when these levels differ by little on
/// average and nowhere by much: the same exposure stored again, another size or compression of it, or the same part that did not
/// move. Pictures of parts of one type are alike for every perceptual hash; a scratch is one cell that differs.
/// </summary>
internal sealed class Fingerprint
{
    /// <summary>Gray levels: root mean square, and the largest difference of a cell.</summary>
    public const double Rms = 1.5, Largest = 10;

    private const int Side = 64, Blocks = 8, BlockSide = Side / Blocks;
    private readonly byte[] cells = new byte[Side * Side];
    private readonly float[] blocks = new float[Blocks * Blocks];

    /// <summary>Of all cells. |difference of means| ≤ RMS of the blocks' differences ≤ RMS of the cells' (Jensen): the cheap tests lose nothing.</summary>
    public double Mean { get; private set; }

    private Fingerprint() { }

    /// <param name="luma">[side, side], side a multiple of 64.</param>
    public static Fingerprint Of(float[] luma, int side)
    {
        int step = side / Side;
        Fingerprint made = new();
        double total = 0;
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                float sum = 0;
                for (int row = 0; row < step; row++) for (int column = 0; column < step; column++) sum += luma[(y * step + row) * side + x * step + column];
                byte level = (byte)Math.Round(sum / (step * step));
                made.cells[y * Side + x] = level;
                made.blocks[y / BlockSide * Blocks + x / BlockSide] += level / (float)(BlockSide * BlockSide);
                total += level;
            }
        }
        made.Mean = total / (Side * Side);
        return made;
    }

    public bool IsNear(Fingerprint other)
    {
        double squares = 0;
        for (int i = 0; i < blocks.Length; i++) squares += (blocks[i] - other.blocks[i]) * (blocks[i] - other.blocks[i]);
        if (squares > Rms * Rms * blocks.Length) return false;
        long sum = 0;
        for (int i = 0; i < cells.Length; i++)
        {
            int difference = cells[i] - other.cells[i];
            if (Math.Abs(difference) > Largest) return false;
            sum += difference * difference;
        }
        return sum <= Rms * Rms * cells.Length;
    }
}
