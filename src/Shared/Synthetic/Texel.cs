using System.Runtime.InteropServices;

namespace Edge.Synthetic;

/// <summary>One pixel of the surface, as a four-channel picture that is turned into its pose in one go.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Texel
{
    /// <summary>Radiance under the ring and under the bar, grey levels; 0 where the belt shows (premultiplied).</summary>
    public byte Ring, Bar;

    /// <summary>How much lit belt shows; 255 = all.</summary>
    public byte Belt;

    /// <summary>How strongly the part's own machining marks show.</summary>
    public byte Marks;

    /// <summary>Nothing but the belt.</summary>
    public static readonly OpenCvSharp.Scalar Outside = new(0, 0, 255, 0);

    public static byte Level(float value) => (byte)Math.Clamp(value + 0.5f, 0, 255);
}
