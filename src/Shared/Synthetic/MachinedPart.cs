using System.Numerics;
using Edge.Imaging;
using Edge.Synthetic.Defects;

namespace Edge.Synthetic;

/// <summary>
/// Pictures of a machined aluminium flange under a ring light and a bar light, with or without a defect. The same seed and index
/// give the same picture, and a part with a defect is the normal part of that index in everything else: pose, light, marks,
/// dust and noise. Reusable buffers inside: not thread-safe, one per camera.
/// </summary>
public sealed class MachinedPart : IDisposable
{
    private readonly int seed;
    private readonly PartSurface surface;
    private readonly TurningMarks marks;
    private readonly Belt belt;
    private readonly Camera camera;
    private readonly DefectMaker maker;

    /// <param name="width">Pixels, 256 to 8192; the part fills 86 % of the smaller side.</param>
    /// <param name="seed">Another seed, other parts.</param>
    public MachinedPart(int width, int height, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 256);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, 8192);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, 8192);
        this.seed = seed;
        surface = new PartSurface(width, height);
        marks = new TurningMarks(surface.Shape.Scale, surface.Shape.OuterRadius);
        belt = new Belt(width, height, surface.Shape.Scale);
        camera = new Camera(surface, marks, belt, new SensorNoise(seed, width));
        maker = new DefectMaker(surface);
    }

    public int Width => surface.Width;
    public int Height => surface.Height;

    /// <summary>Renders one part.</summary>
    /// <param name="index">Number of the part, any integer.</param>
    /// <param name="image">Becomes Bgr24, Width × Height.</param>
    /// <param name="mask">uint8 [H, W], 255 where the part is defective; empty = not wanted.</param>
    public PartInfo Render(int index, Defect defect, ImageBuffer image, Span<byte> mask)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (!mask.IsEmpty && mask.Length != Width * Height) throw new ArgumentException($"{mask.Length} bytes for a mask of {Width}×{Height}", nameof(mask));
        Rng rng = Rng.For(seed, index, 0), faults = Rng.For(seed, index, 1 + (int)defect);
        float scale = surface.Shape.Scale;
        Pose pose = new(
            surface.CenterX + 2.2f * scale * rng.Normal(), surface.CenterY + 2.2f * scale * rng.Normal(), rng.Normal() * 0.6f * MathF.PI / 180);
        try
        {
            float severity = defect == Defect.None ? 0 : MathF.Pow(faults.Unit(), 0.8f);   // a few more of the plain ones
            string variant = "";
            Vector3 color = Vector3.One;
            if (defect != Defect.None) (variant, color) = maker.Make(defect, severity, ref faults);
            camera.Take(ref rng, pose, color, image);
            int pixels = 0;
            if (defect == Defect.None) mask.Clear();
            else pixels = camera.TakeMask(mask);
            return new PartInfo(index, defect, variant, severity, pixels);
        }
        finally
        {
            surface.Restore();
        }
    }

    public void Dispose()
    {
        camera.Dispose();
        belt.Dispose();
        marks.Dispose();
        surface.Dispose();
    }
}
