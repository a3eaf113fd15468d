using OpenCvSharp;

namespace Edge.Synthetic;

/// <summary>
/// The part under its lights, before a camera sees it: planes of the picture's size, the part upright in the middle. Computed once;
/// a defect changes a rectangle of them, and <see cref="Restore"/> puts the sound part back.
/// </summary>
internal sealed class PartSurface : IDisposable
{
    private readonly Lighting lighting;
    private readonly Mat[] changing, sound;

    public PartSurface(int width, int height)
    {
        (Width, Height, CenterX, CenterY) = (width, height, (width - 1) / 2f, (height - 1) / 2f);
        Shape = new FlangeShape(0.43f * Math.Min(width, height));
        lighting = new Lighting(Shape.Scale);
        Relief = new Mat(height, width, MatType.CV_32F, Scalar.Black);
        Texels = new Mat(height, width, MatType.CV_8UC4);
        (Tint, Mask) = (new Mat(height, width, MatType.CV_8U, Scalar.Black), new Mat(height, width, MatType.CV_8U, Scalar.Black));
        Marking.Engrave(Relief, Shape, CenterX, CenterY);
        Parallel.For(0, height, y => Shade(new Rect(0, y, width, 1)));
        changing = [Relief, Texels, Tint, Mask];
        sound = [.. changing.Select(m => m.Clone())];
    }

    public int Width { get; }
    public int Height { get; }

    /// <summary>The part's centre, pixels.</summary>
    public float CenterX { get; }
    public float CenterY { get; }
    public FlangeShape Shape { get; }

    /// <summary>float32 [H, W], pixels: engravings, dents, scratches; the drawing's own heights are in <see cref="Shape"/>.</summary>
    public Mat Relief { get; }

    /// <summary><see cref="Texel"/> [H, W].</summary>
    public Mat Texels { get; }

    /// <summary>uint8 [H, W]: how far the colour is that of the defect (rust, oil, fibre); 0 on a sound part.</summary>
    public Mat Tint { get; }

    /// <summary>uint8 [H, W]: 255 where the part is defective.</summary>
    public Mat Mask { get; }

    /// <summary>Everything a defect has changed since <see cref="Restore"/>.</summary>
    public Rect Dirty { get; private set; }

    /// <summary>A rectangle in pixels, cut to the picture and remembered as changed.</summary>
    public Rect Touch(float left, float top, float right, float bottom)
    {
        int x0 = Math.Clamp((int)MathF.Floor(left), 0, Width - 1), y0 = Math.Clamp((int)MathF.Floor(top), 0, Height - 1);
        int x1 = Math.Clamp((int)MathF.Ceiling(right), x0 + 1, Width), y1 = Math.Clamp((int)MathF.Ceiling(bottom), y0 + 1, Height);
        Rect rect = new(x0, y0, x1 - x0, y1 - y0);
        Dirty = Dirty.Width == 0 ? rect : Dirty | rect;
        return rect;
    }

    /// <summary>Computes the planes from shape and relief.</summary>
    /// <param name="only">When given, pixels it is not 0 at (float32 [H, W] of the rectangle, row-major).</param>
    public void Shade(Rect rect, ReadOnlySpan<float> only = default)
    {
        for (int y = rect.Top; y < rect.Bottom; y++)
        {
            ReadOnlySpan<float> here = Relief.RowAs<float>(y), above = Relief.RowAs<float>(Math.Max(y - 1, 0)), below = Relief.RowAs<float>(Math.Min(y + 1, Height - 1));
            Span<Texel> texels = Texels.RowAs<Texel>(y);
            for (int x = rect.Left; x < rect.Right; x++)
            {
                if (!only.IsEmpty && only[(y - rect.Top) * rect.Width + x - rect.Left] == 0) continue;
                float px = x - CenterX, py = y - CenterY;
                SurfacePoint p = Shape.At(px, py);
                float r = 0, b = 0;
                if (p.Cover > 0)
                {
                    p.SlopeX += (here[Math.Min(x + 1, Width - 1)] - here[Math.Max(x - 1, 0)]) / 2;
                    p.SlopeY += (below[x] - above[x]) / 2;
                    p.Open *= Math.Clamp(1 + 0.14f * here[x], 0.6f, 1);   // less light reaches the bottom of an engraving
                    (r, b) = lighting.Radiance(p, px, py);
                }
                texels[x] = new Texel
                {
                    Ring = Texel.Level(r * p.Cover),
                    Bar = Texel.Level(b * p.Cover),
                    Belt = Texel.Level(255 * (1 - p.Cover) * p.BeltLight),
                    Marks = Texel.Level(255 * p.Marks),
                };
            }
        }
    }

    /// <summary>
    /// Completes <see cref="Mask"/>: what a defect's own shape has set, and every pixel whose radiance it has changed visibly.
    /// </summary>
    public void MaskChanges()
    {
        const int Visible = 4;   // grey levels
        for (int y = Dirty.Top; y < Dirty.Bottom; y++)
        {
            ReadOnlySpan<Texel> texels = Texels.RowAs<Texel>(y), were = sound[1].RowAs<Texel>(y);
            ReadOnlySpan<byte> tint = Tint.RowAs<byte>(y);
            Span<byte> mask = Mask.RowAs<byte>(y);
            for (int x = Dirty.Left; x < Dirty.Right; x++)
            {
                Texel now = texels[x], was = were[x];
                int change = now.Ring - was.Ring + now.Bar - was.Bar + (now.Belt - was.Belt) / 10;   // a lit belt is about 25 levels
                if (Math.Abs(change) >= Visible || tint[x] > 20) mask[x] = 255;
            }
        }
        // The lens spreads each edge over a pixel on either side.
        using Mat part = Mask.SubMat(Dirty);
        Cv2.Dilate(part, part, null);
        // And an inspector draws one outline around one defect, not one around each of its lights and shadows.
        using Mat kernel = Cv2.GetStructuringElement(MorphShapes.Ellipse, new Size(9, 9));
        Cv2.MorphologyEx(part, part, MorphTypes.Close, kernel);
    }

    public void Restore()
    {
        if (Dirty.Width == 0) return;
        for (int i = 0; i < changing.Length; i++)
        {
            using Mat from = sound[i].SubMat(Dirty), to = changing[i].SubMat(Dirty);
            from.CopyTo(to);
        }
        Shape.Fault = null;
        Dirty = default;
    }

    public void Dispose()
    {
        foreach (Mat m in changing) m.Dispose();
        foreach (Mat m in sound) m.Dispose();
    }
}
