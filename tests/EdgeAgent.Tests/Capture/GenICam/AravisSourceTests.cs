using Edge.Agent.Capture;
using Edge.Agent.Capture.GenICam;
using Edge.Agent.Configuration;
using Edge.Imaging;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Capture.GenICam;

/// <summary>The source alone, on Aravis' GigE Vision camera.</summary>
[Collection(nameof(FakeGigECamera))]
public sealed class AravisSourceTests
{
    private readonly Frame frame = new();

    [Theory]
    [InlineData("Mono8", PixelFormat.Mono8)]
    [InlineData("Mono16", PixelFormat.Mono16)]
    [InlineData("BayerRG8", PixelFormat.Bgr24)]
    [InlineData("RGB8", PixelFormat.Rgb24)]
    public void Pictures_have_the_region_and_the_pixels_that_were_asked_for(string format, PixelFormat stored)
    {
        using FakeGigECamera camera = new();
        using AravisSource source = Open(new SourceOptions
        {
            Kind = SourceKind.Aravis,
            Width = 256,
            Height = 128,
            Aravis = { Device = FakeGigECamera.Address, PixelFormat = format, ExposureUs = 2000, Gain = 1, OffsetX = 16, OffsetY = 8 },
        });
        Next(source, newPart: true);
        Assert.Equal((256, 128, stored), (frame.Image.Width, frame.Image.Height, frame.Image.Format));
        Assert.InRange(frame.CapturedAt!.Value, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        if (format == "Mono8") AssertPattern(frame.Image);
        byte[] before = frame.Image.Pixels.ToArray();
        Next(source, newPart: true);
        Assert.NotEqual(before, frame.Image.Pixels.ToArray());
    }

    /// <summary>The camera draws a ramp along the diagonal: a pixel equals the one above and to the right.</summary>
    private static void AssertPattern(ImageBuffer image)
    {
        for (int y = 1; y < image.Height; y++)
            Assert.Equal(image.Pixels.Slice((y - 1) * image.Stride + 1, image.Width - 1), image.Pixels.Slice(y * image.Stride, image.Width - 1));
        Assert.True(image.Pixels[..image.Stride].ToArray().Distinct().Count() > 100);
    }

    [Fact]
    public void A_software_trigger_gives_one_frame_and_without_one_there_is_none()
    {
        using FakeGigECamera camera = new();
        using AravisSource source = Open(new SourceOptions { Aravis = { Device = FakeGigECamera.Address } });
        for (int i = 0; i < 5; i++) Next(source, newPart: true);
        // A part that did not wait for its picture: the next part's is younger.
        source.NewPart();
        source.NewPart();
        byte late = frame.Image.Pixels[0];
        Next(source, newPart: false);
        Assert.Equal((late + 2) % 255, frame.Image.Pixels[0] % 255);
    }

    [Fact]
    public void A_camera_that_runs_by_itself_gives_the_newest_picture_and_each_once()
    {
        using FakeGigECamera camera = new();
        using AravisSource source = Open(new SourceOptions { Aravis = { Device = FakeGigECamera.Serial, FrameRate = 25 } }, TriggerMode.FreeRunning);
        HashSet<byte> seen = [];
        for (int i = 0; i < 10; i++)
        {
            Next(source, newPart: false);
            Assert.True(seen.Add(frame.Image.Pixels[0]));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void From_a_change_of_the_settings_on_no_picture_has_the_ones_before(bool triggered)
    {
        using FakeGigECamera camera = new();
        using AravisSource source = Open(new SourceOptions { Aravis = { Device = FakeGigECamera.Address, ExposureUs = 10_000, Gain = 0 } }, triggered ? TriggerMode.Mqtt : TriggerMode.FreeRunning);
        for (int i = 0; i < 6; i++)
        {
            // The camera draws brighter by log10(exposure / 10 ms), up to white.
            bool dark = i % 2 == 0;
            source.Use(new CameraSettings(dark ? 2000 : 10_000, 0));
            for (int picture = 0; picture < 2; picture++)
            {
                Next(source, newPart: triggered);
                Assert.Equal(dark, Brightness(frame.Image) < 60);
            }
        }
    }

    private static double Brightness(ImageBuffer image)
    {
        long sum = 0;
        foreach (byte pixel in image.Pixels) sum += pixel;
        return (double)sum / image.Pixels.Length;
    }

    [Fact]
    public void A_picture_with_missing_packets_is_unreadable()
    {
        using FakeGigECamera camera = new(lostPerThousand: 100);
        using AravisSource source = Open(new SourceOptions { Aravis = { Device = FakeGigECamera.Address } });
        List<Grab> grabs = [];
        for (int i = 0; i < 3; i++)
        {
            source.NewPart();
            Grab got;
            while ((got = source.Grab(frame, TimeSpan.FromSeconds(1))) == Grab.Nothing) { }
            grabs.Add(got);
        }
        Assert.Equal([Grab.Unreadable, Grab.Unreadable, Grab.Unreadable], grabs);
    }

    [Theory]
    [InlineData("127.0.0.1", null, "There is no camera 127.0.0.1")]
    [InlineData("nobody", null, "There is no camera nobody")]
    [InlineData("camera", "Mono13", "failed at PixelFormat Mono13")]
    public void What_is_not_there_or_refused_is_named(string device, string? format, string expected)
    {
        using FakeGigECamera camera = new();
        if (device != "camera") camera.PullOut();
        SourceOptions options = new() { Aravis = { Device = device == "camera" ? FakeGigECamera.Address : device, PixelFormat = format } };
        using AravisSource source = new(options, TriggerMode.Mqtt, TimeProvider.System);
        Assert.Contains(expected, Assert.ThrowsAny<EdgeException>(source.Open).Message, StringComparison.Ordinal);
    }

    private static AravisSource Open(SourceOptions options, TriggerMode mode = TriggerMode.Mqtt)
    {
        AravisSource source = new(options, mode, TimeProvider.System);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                source.Open();
                return source;
            }
            catch (EdgeException) when (attempt < 10) { }   // the camera's process is still starting
        }
    }

    private void Next(AravisSource source, bool newPart)
    {
        if (newPart) source.NewPart();
        for (int i = 0; i < 50; i++)
        {
            Grab got = source.Grab(frame, TimeSpan.FromMilliseconds(100));
            if (got == Grab.Frame) return;
            // A busy machine loses packets, as a network does: such a picture is none.
            Assert.Contains(got, (Grab[])[Grab.Nothing, Grab.Unreadable]);
            if (got == Grab.Unreadable && newPart) source.NewPart();
        }
        Assert.Fail("no picture came");
    }
}
