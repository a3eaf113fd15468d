using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Tests.Support;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Capture;

public sealed class VideoSourceTests
{
    [Fact]
    public void Frames_come_in_order_until_the_end_and_again_when_it_loops()
    {
        using TempFolder folder = new();
        Write(folder["a.avi"], 20, 120, 220);
        Frame frame = new();
        using VideoSource once = new(folder["a.avi"], loop: false);
        once.Open();
        List<byte> seen = [];
        while (once.Grab(frame, TimeSpan.Zero) == Grab.Frame) seen.Add(frame.Image.Pixels[0]);
        Assert.Equal(3, seen.Count);
        Assert.All(seen.Zip((byte[])[20, 120, 220]), pair => Assert.InRange(pair.First, pair.Second - 5, pair.Second + 5));
        Assert.Equal(Grab.Ended, once.Grab(frame, TimeSpan.Zero));

        using VideoSource looping = new(folder["a.avi"], loop: true);
        looping.Open();
        for (int i = 0, frames = 0; frames < 7; i++)
        {
            Assert.True(i < 20);
            if (looping.Grab(frame, TimeSpan.Zero) == Grab.Frame) frames++;
        }
        Assert.Equal("a.avi#0", frame.Label);
    }

    [Fact]
    public void A_file_that_is_missing_or_no_video_is_named()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["bad.avi"], "no video");
        foreach (string file in (string[])[folder["none.avi"], folder["bad.avi"]])
        {
            using VideoSource source = new(file, loop: false);
            Assert.Contains(file, Assert.Throws<EdgeException>(source.Open).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_station_inspects_a_video_to_its_end()
    {
        await using TestAgent agent = new();
        Write(agent["a.avi"], 20, 120, 220, 30);
        (agent.StationOptions.Source.Kind, agent.StationOptions.Source.Path) = (SourceKind.Video, agent["a.avi"]);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Ended && agent.Station.Ledger.Awaiting == 0, "the end");
        Assert.Equal((4, 2, 2), (agent.Station.Ledger.Triggers, agent.Station.Snapshot().Accepted, agent.Station.Snapshot().Rejected));
    }

    [Fact]
    public async Task A_camera_that_is_not_there_is_tried_again_and_named()
    {
        await using TestAgent agent = new();
        (agent.StationOptions.Source.Kind, agent.StationOptions.Source.Index) = (SourceKind.Camera, 99);
        TestModels.Publish(agent.Models, TinyGraph.Write());
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Faulted, "faulted");
        Assert.Contains("camera 99", agent.Station.Camera.Trouble, StringComparison.Ordinal);
    }

    private static void Write(string file, params byte[] brightness)
    {
        using VideoWriter writer = new(file, VideoCaptureAPIs.ANY, FourCC.MJPG, 25, new Size(64, 64));
        Assert.True(writer.IsOpened());
        foreach (byte value in brightness)
        {
            using Mat mat = new(64, 64, MatType.CV_8UC3, new Scalar(value, value, value));
            writer.Write(mat);
        }
    }
}
