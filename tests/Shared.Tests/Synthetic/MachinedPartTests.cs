using Edge.Imaging;
using Edge.Synthetic;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Synthetic;

public sealed class MachinedPartTests : IDisposable
{
    private const int Width = 640, Height = 512;
    private readonly MachinedPart part = new(Width, Height, seed: 3);

    public void Dispose() => part.Dispose();

    public static TheoryData<Defect> Defects => [.. Enum.GetValues<Defect>().Where(d => d != Defect.None)];

    private static (byte[] Pixels, byte[] Mask, PartInfo Info) Render(MachinedPart part, int index, Defect defect)
    {
        ImageBuffer image = new();
        byte[] mask = new byte[part.Width * part.Height];
        mask.AsSpan().Fill(77);   // whatever was there
        PartInfo info = part.Render(index, defect, image, mask);
        Assert.Equal((part.Width, part.Height, PixelFormat.Bgr24), (image.Width, image.Height, image.Format));
        return (image.Pixels.ToArray(), mask, info);
    }

    [Fact]
    public void The_same_seed_and_index_is_the_same_picture_whatever_was_rendered_before()
    {
        (byte[] normal, _, _) = Render(part, 5, Defect.None);
        foreach (Defect defect in Enum.GetValues<Defect>()) Render(part, 5, defect);
        (byte[] again, _, _) = Render(part, 5, Defect.None);
        Assert.True(normal.AsSpan().SequenceEqual(again));

        using MachinedPart other = new(Width, Height, seed: 3);
        foreach (Defect defect in Enum.GetValues<Defect>())
        {
            (byte[] here, byte[] hereMask, PartInfo hereInfo) = Render(part, 9, defect);
            (byte[] there, byte[] thereMask, PartInfo thereInfo) = Render(other, 9, defect);
            Assert.True(here.AsSpan().SequenceEqual(there), $"{defect}");
            Assert.True(hereMask.AsSpan().SequenceEqual(thereMask), $"{defect}");
            Assert.Equal(hereInfo, thereInfo);
        }
    }

    [Fact]
    public void Another_index_or_seed_is_another_part_of_the_same_kind()
    {
        using MachinedPart other = new(Width, Height, seed: 4);
        (byte[] a, _, _) = Render(part, 0, Defect.None);
        foreach ((byte[] b, _, _) in new[] { Render(part, 1, Defect.None), Render(other, 0, Defect.None) })
        {
            double mean = Enumerable.Range(0, a.Length).Average(i => Math.Abs(a[i] - b[i]));
            Assert.InRange(mean, 1, 20);   // noise and pose, not another scene
        }
    }

    [Fact]
    public void Normal_parts_have_no_mask()
    {
        for (int i = 0; i < 5; i++)
        {
            (_, byte[] mask, PartInfo info) = Render(part, i, Defect.None);
            Assert.False(mask.AsSpan().ContainsAnyExcept((byte)0));
            Assert.Equal(new PartInfo(i, Defect.None, "", 0, 0), info);
        }
    }

    [Theory]
    [MemberData(nameof(Defects))]
    public void The_mask_covers_what_differs_from_the_sound_part_and_a_plain_defect_is_seen_in_it(Defect defect)
    {
        int plain = 0;
        for (int i = 0; i < 12; i++)
        {
            (byte[] sound, _, _) = Render(part, i, Defect.None);
            (byte[] wrong, byte[] mask, PartInfo info) = Render(part, i, defect);
            Assert.Equal(mask.Count(m => m == 255), info.DefectPixels);
            Assert.Equal(mask.Length - info.DefectPixels, mask.Count(m => m == 0));
            Assert.InRange(info.DefectPixels, 12, Width * Height / 20);
            Assert.NotEqual("", info.Variant);
            Assert.InRange(info.Severity, 0, 1);

            // What the lens spreads reaches two pixels beyond the mask; noise is the same in both pictures, its strength nearly.
            using Mat exact = Mat.FromPixelData(Height, Width, MatType.CV_8UC1, mask), kernel = Cv2.GetStructuringElement(MorphShapes.Rect, new Size(7, 7)), near = new();
            Cv2.Dilate(exact, near, kernel);
            near.GetArray(out byte[] around);
            double inside = 0;
            for (int p = 0; p < mask.Length; p++)
            {
                int difference = Math.Max(
                    Math.Max(Math.Abs(sound[3 * p] - wrong[3 * p]), Math.Abs(sound[3 * p + 1] - wrong[3 * p + 1])), Math.Abs(sound[3 * p + 2] - wrong[3 * p + 2]));
                if (around[p] == 0 && difference > 9) Assert.Fail($"{info}: differs by {difference} at {p % Width}, {p / Width}, outside its mask");
                if (mask[p] != 0) inside += difference;
            }
            if (info.Severity < 0.5f) continue;
            plain++;
            Assert.True(inside / info.DefectPixels > 3, $"{info}: differs by {inside / info.DefectPixels:0.0} levels on average in its mask");
        }
        Assert.True(plain > 0);
    }

    [Theory]
    [MemberData(nameof(Defects))]
    public void Subtle_and_obvious_defects_both_occur(Defect defect)
    {
        ImageBuffer image = new();
        float[] severities = [.. Enumerable.Range(0, 40).Select(i => part.Render(i, defect, image, default).Severity)];
        Assert.Contains(severities, s => s < 0.25f);
        Assert.Contains(severities, s => s > 0.75f);
    }

    [Fact]
    public void Rendering_again_and_again_allocates_no_planes()
    {
        ImageBuffer image = new();
        for (int i = 0; i < 3; i++) part.Render(i, Defect.None, image, default);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) part.Render(i, Defect.None, image, default);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 10, 0, 16 * 1024);
    }

    [Theory]
    [InlineData(256, 256)]
    [InlineData(513, 777)]
    public void Any_size_works(int width, int height)
    {
        using MachinedPart small = new(width, height, 1);
        foreach (Defect defect in Enum.GetValues<Defect>())
        {
            (_, _, PartInfo info) = Render(small, 2, defect);
            Assert.Equal(defect != Defect.None, info.DefectPixels > 0);
        }
    }

    [Fact]
    public void A_mask_of_the_wrong_size_and_a_silly_size_are_refused()
    {
        Assert.Throws<ArgumentException>(() => part.Render(0, Defect.None, new ImageBuffer(), new byte[10]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MachinedPart(100, 512, 0).Dispose());
    }
}
