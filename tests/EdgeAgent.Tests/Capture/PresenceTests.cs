using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Imaging;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Capture;

public sealed class PresenceTests
{
    [Fact]
    public async Task One_part_is_one_inspection_whatever_the_frames()
    {
        await using TestAgent agent = new();
        // Empty is 20; 40 and more is a part; below 30 it has left. Two frames in a row show a whole part.
        byte[] frames = [20, 22, 45, 60, 60, 35, 35, 25, 20, 50, 20, 20, 70, 80, 90, 31, 39, 60, 20, 95, 95, 20];
        for (int i = 0; i < frames.Length; i++) agent.AddPicture($"{i:D2}.png", frames[i]);
        agent.StationOptions.Source.Watch = false;
        agent.StationOptions.QueueCapacity = frames.Length;
        Pictures.Write(agent["empty.png"], 20);
        agent.StationOptions.Trigger.Presence = new PresenceOptions { Empty = agent["empty.png"], EnterAt = 20, LeaveAt = 10 };
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Ended && agent.Station.Ledger.Awaiting == 0, "all frames");
        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["03.png", "13.png", "20.png"], Inspected(agent.Options.Journal.Path));
    }

    [Theory]
    [InlineData(PixelFormat.Bgr24)]
    [InlineData(PixelFormat.Mono8)]
    public void The_difference_is_that_of_the_region_alone(PixelFormat format)
    {
        using TempFolder folder = new();
        Pictures.Write(folder["empty.png"], 20, size: 300);
        PresenceDetector detector = new(new PresenceOptions { Empty = folder["empty.png"], Region = "100,50,150,200", EnterAt = 255 });
        ImageBuffer frame = new();
        Random random = new(1);
        Span<byte> pixels = frame.Reset(300, 300, format);
        random.NextBytes(pixels);
        detector.Comes(frame);
        double sum = 0;
        int channels = format.Channels(), count = 0;
        for (int y = 50; y < 250; y += 2)   // the grid of 128 takes every second pixel of 150 × 200
            for (int x = 100; x < 250; x += 2, count++)
            {
                double gray = 0;
                for (int c = 0; c < channels; c++) gray += pixels[(y * 300 + x) * channels + c] / (double)channels;
                sum += Math.Abs(gray - 20);
            }
        Assert.Equal(sum / count, detector.Difference, 1e-9);
    }

    [Fact]
    public void A_picture_of_another_size_or_a_region_outside_is_named()
    {
        using TempFolder folder = new();
        Pictures.Write(folder["empty.png"], 20);
        Assert.Contains("take it with this camera", Assert.Throws<EdgeException>(() => new PresenceDetector(new PresenceOptions { Empty = folder["empty.png"] }).Comes(Pictures.Buffer(20, 32))).Message, StringComparison.Ordinal);
        Assert.Contains("does not lie inside", Assert.Throws<EdgeException>(() => new PresenceDetector(new PresenceOptions { Empty = folder["empty.png"], Region = "60,0,10,10" }).Comes(Pictures.Buffer(20))).Message, StringComparison.Ordinal);
        Assert.Contains("none.png", Assert.Throws<EdgeException>(() => new PresenceDetector(new PresenceOptions { Empty = folder["none.png"] })).Message, StringComparison.Ordinal);
    }

    private static List<string> Inspected(string journal)
    {
        using Edge.Journal.JournalFile file = Edge.Journal.JournalFile.Open(journal);
        return [.. file.After(0).Where(e => e.Kind == "part").Select(e => System.Text.Json.Nodes.JsonNode.Parse(e.Record)!["frame"]!.ToString())];
    }
}
