namespace Edge.Imaging;

/// <summary>Camera frame → the graph's input, the same code for training and inspection. Not thread-safe: one per loop.</summary>
public sealed class Preprocessor(InputSpec spec)
{
    public InputSpec Spec { get; } = spec;

    /// <summary>ROI, anti-aliased resize, RGB, 8 bit.</summary>
    /// <param name="rgb">uint8 [H, W, 3], RGB; exactly Height × Width × 3 bytes.</param>
    /// <exception cref="EdgeException">The ROI does not lie inside the frame.</exception>
    public void Apply(ImageBuffer frame, Span<byte> rgb) => throw new NotImplementedException();
}
