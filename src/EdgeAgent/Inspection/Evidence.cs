using Edge.Agent.Models;
using Edge.Scoring;

namespace Edge.Agent.Inspection;

/// <summary>What a heatmap is drawn from: copies, because the model's memory belongs to the next frame. Reused.</summary>
internal sealed class Evidence
{
    private byte[] rgb = [];
    private float[] map = [];

    public Job? Job { get; private set; }

    /// <summary>It is to be sent; else somebody only watches the page.</summary>
    public bool Publish { get; private set; }

    /// <summary>Of the part of the frame that the model's picture shows, camera pixels.</summary>
    public (int Width, int Height) Region { get; private set; }
    public int Width { get; private set; }
    public int Height { get; private set; }
    public ValueRange? Range { get; private set; }

    /// <summary>uint8 [H, W, 3], RGB: what the model saw.</summary>
    public ReadOnlySpan<byte> Rgb => rgb.AsSpan(0, Width * Height * 3);

    /// <summary>float32 [H, W], raw.</summary>
    public ReadOnlySpan<float> Map => map.AsSpan(0, Width * Height);

    /// <summary>Copies the last run of <paramref name="model"/>.</summary>
    public void Fill(Job job, LoadedModel model, bool publish)
    {
        (Publish, Job, Width, Height, Range) = (publish, job, model.Detector.Width, model.Detector.Height, model.Calibration.HeatmapRange);
        Region = model.Manifest.Input.Roi is { } roi ? (roi.Width, roi.Height) : job.Frame is { } frame ? (frame.Image.Width, frame.Image.Height) : (Width, Height);
        if (map.Length < Width * Height) (rgb, map) = (new byte[Width * Height * 3], new float[Width * Height]);
        model.Detector.Input.CopyTo(rgb);
        model.Detector.Map.CopyTo(map);
    }
}
