using Edge.Agent.Configuration;
using Edge.Imaging;

namespace Edge.Agent.Capture.Health;

/// <summary>Compares a frame with golden frames of the same camera. Not thread-safe: the capture loop's.</summary>
internal sealed class CameraHealth
{
    private const int Side = 2 * FieldOfView.Side;   // columns and rows that focus, light and colour are measured at

    private readonly Preprocessor preprocessor = new(new InputSpec { Width = Side, Height = Side });
    private readonly byte[] rgb = new byte[Side * Side * 3];
    private readonly float[] luma = new float[Side * Side], small = new float[FieldOfView.Side * FieldOfView.Side];
    private readonly UsualQuality usual;
    private readonly FieldOfView view;

    /// <exception cref="EdgeException">The folder is not there or holds too few frames.</exception>
    public CameraHealth(string folder, double maxShift)
    {
        string[] files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Where(ImageFile.HasImageExtension).Order(StringComparer.Ordinal)] : [];
        if (files.Length < PictureQuality.Fewest) throw new EdgeException($"Health:GoldenFrames needs a folder of at least {PictureQuality.Fewest} frames of the camera as it should be; {Path.GetFullPath(folder)} has {files.Length}. 'edge-agent cameras' grabs them.");
        List<PictureQuality> qualities = [];
        List<float[]> views = [];
        ImageBuffer frame = new();
        foreach (string file in files)
        {
            ImageFile.Read(file, frame);
            qualities.Add(Measure(frame));
            views.Add([.. small]);
        }
        usual = new UsualQuality(qualities);
        view = new FieldOfView(views, maxShift);
    }

    public static CameraHealth? Create(HealthOptions options) => options.GoldenFrames is { } folder ? new CameraHealth(folder, options.MaxShift) : null;

    /// <summary>What is wrong with the camera as this frame shows it; null when nothing is.</summary>
    public (CameraCause Cause, string Why)? Examine(ImageBuffer frame)
    {
        PictureQuality quality = Measure(frame);
        // Light first: a picture that is too dark is also blurred.
        if (usual.WhyOverexposed(quality) is { } bright) return (CameraCause.Overexposed, bright);
        if (usual.WhyUnderexposed(quality) is { } dark) return (CameraCause.Underexposed, dark);
        if (usual.WhySwapped(quality) is { } swapped) return (CameraCause.ColorsSwapped, swapped);
        if (usual.WhyBlurred(quality) is { } blurred) return (CameraCause.OutOfFocus, blurred);
        return view.WhyShifted(small) is { } shifted ? (CameraCause.Shifted, shifted) : null;
    }

    private PictureQuality Measure(ImageBuffer frame)
    {
        preprocessor.Apply(frame, rgb);
        PictureQuality quality = PictureQuality.Of(rgb, Side, Side, luma);
        for (int y = 0, i = 0; y < FieldOfView.Side; y++)
        {
            for (int x = 0; x < FieldOfView.Side; x++, i++)
            {
                int from = 2 * y * Side + 2 * x;
                small[i] = (luma[from] + luma[from + 1] + luma[from + Side] + luma[from + Side + 1]) / 4;
            }
        }
        return quality;
    }
}
