using Edge.Agent.Capture;
using Edge.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Edge.Tests.Capture;

public sealed class FolderSourceTests : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly TempFolder folder = new();
    private readonly Frame frame = new();

    [Fact]
    public void Pictures_come_in_name_order_and_then_it_ends()
    {
        foreach (string name in (string[])["b.png", "a.png", "10.png", "9.png"]) Pictures.Write(folder[name], 40);
        File.WriteAllText(folder["notes.txt"], "no picture");
        using FolderSource source = Open(watch: false);
        Assert.Equal(["10.png", "9.png", "a.png", "b.png"], Enumerable.Range(0, 4).Select(_ => Next(source)));
        Assert.Equal(Grab.Ended, source.Grab(frame, Wait));
    }

    [Fact]
    public void It_starts_again_when_it_loops()
    {
        foreach (string name in (string[])["a.png", "b.png"]) Pictures.Write(folder[name], 40);
        using FolderSource source = Open(watch: false, loop: true);
        Assert.Equal(["a.png", "b.png", "a.png", "b.png", "a.png"], Enumerable.Range(0, 5).Select(_ => Next(source)));
    }

    [Fact]
    public void New_and_replaced_pictures_are_seen_and_each_only_once()
    {
        Pictures.Write(folder["b.png"], 40);
        using FolderSource source = Open();
        Assert.Equal("b.png", Next(source));
        Pictures.Write(folder["a.png"], 40);
        Assert.Equal("a.png", Next(source));
        Pictures.Write(folder["b.png"], 120, size: 48);
        Assert.Equal("b.png", Next(source));
        Assert.Equal((48, 120), (frame.Image.Width, frame.Image.Pixels[0]));
        File.Delete(folder["a.png"]);
        for (int i = 0; i < 5; i++) Assert.Equal(Grab.Nothing, source.Grab(frame, Wait));
    }

    [Fact]
    public void A_half_written_picture_is_not_read_before_it_is_complete()
    {
        using FolderSource source = Open();
        Assert.Equal(Grab.Nothing, source.Grab(frame, Wait));
        byte[] png = Pictures.Png(40);
        using (FileStream writer = File.Create(folder["a.png"]))
        {
            foreach (byte[] chunk in png.Chunk(png.Length / 3))
            {
                for (int i = 0; i < 4; i++) Assert.Equal(Grab.Nothing, source.Grab(frame, Wait));
                writer.Write(chunk);
                writer.Flush(flushToDisk: true);
            }
        }
        Assert.Equal("a.png", Next(source));
    }

    [Fact]
    public void A_damaged_picture_is_given_up_when_nobody_writes_to_it_any_more()
    {
        FakeTimeProvider time = new() { AutoAdvanceAmount = TimeSpan.FromMilliseconds(60) };   // each look at the clock is a listing later
        File.WriteAllBytes(folder["a.png"], Pictures.Png(40)[..100]);
        Pictures.Write(folder["b.png"], 40);
        using FolderSource source = new(folder.Path, watch: true, loop: false, time);
        source.Open();
        Assert.Equal("b.png", Next(source));   // the next one does not wait for it
        List<Grab> grabs = [];
        while (grabs.Count == 0 || grabs[^1] == Grab.Nothing) grabs.Add(source.Grab(frame, Wait));
        Assert.True(grabs.Count > 3);
        Assert.Equal((Grab.Unreadable, "a.png"), (grabs[^1], frame.Label));
        Assert.Equal(Grab.Nothing, source.Grab(frame, Wait));
    }

    [Fact]
    public void A_folder_that_is_missing_or_goes_is_named()
    {
        using FolderSource missing = new(folder["none"], watch: true, loop: false, TimeProvider.System);
        Assert.Contains(folder["none"], Assert.Throws<EdgeException>(missing.Open).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(folder["some"]);
        using FolderSource source = new(folder["some"], watch: true, loop: false, TimeProvider.System);
        source.Open();
        Assert.Equal(Grab.Nothing, source.Grab(frame, Wait));
        Directory.Delete(folder["some"]);
        Assert.Throws<EdgeException>(() => Next(source));
    }

    private FolderSource Open(bool watch = true, bool loop = false)
    {
        FolderSource source = new(folder.Path, watch, loop, TimeProvider.System);
        source.Open();
        return source;
    }

    private string Next(FolderSource source)
    {
        for (int i = 0; i < 100; i++)
        {
            Grab got = source.Grab(frame, Wait);
            if (got == Grab.Frame) return frame.Label!;
            Assert.Equal(Grab.Nothing, got);
        }
        Assert.Fail("no picture came");
        return "";
    }

    public void Dispose() => folder.Dispose();
}
