using System.Text.Json.Nodes;
using Edge.Imaging;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Cli;

/// <summary>The command as a user runs it.</summary>
[Collection(nameof(FakeGigECamera))]
public sealed class CamerasCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public void A_frame_is_grabbed_from_a_GigE_Vision_camera()
    {
        using FakeGigECamera camera = new();
        JsonNode? frame = null;
        for (int attempt = 0; frame is null && attempt < 10; attempt++)   // the camera's process is still starting
        {
            using AgentProcess agent = new(["cameras", FakeGigECamera.Address, "--grab", folder["a.png"], "--json"]);
            if (agent.Wait() == 0) frame = JsonNode.Parse(agent.Output);
        }
        ImageBuffer image = new();
        ImageFile.Read(folder["a.png"], image);
        Assert.Equal(($"{frame!["width"]}", $"{frame["height"]}", $"{frame["format"]}"), ($"{image.Width}", $"{image.Height}", $"{image.Format}"));
    }

    [Fact]
    public void Stations_are_listed_and_grabbed_from()
    {
        Directory.CreateDirectory(folder["pictures"]);
        Pictures.Write(folder["pictures/1.png"], 77);
        File.WriteAllText(folder["agent.json"], """{"Edge":{"Stations":{"infeed":{"Model":"m","Source":{"Path":"PICTURES"}}}}}""".Replace("PICTURES", folder["pictures"], StringComparison.Ordinal));
        using AgentProcess list = new(["cameras", "--config", folder["agent.json"], "--json"]);
        Assert.Equal(0, list.Wait());
        Assert.Contains(JsonNode.Parse(list.Output)!["cameras"]!.AsArray(), c => $"{c!["name"]}" == "infeed" && $"{c["kind"]}" == "station (Folder)");

        using AgentProcess grab = new(["cameras", "infeed", "--config", folder["agent.json"], "--grab", folder["b.png"]]);
        Assert.Equal(0, grab.Wait());
        ImageBuffer image = new();
        ImageFile.Read(folder["b.png"], image);
        Assert.Equal(77, image.Pixels[0]);
    }

    [Theory]
    [InlineData(1, "There is no camera nobody", "nobody", "--grab", "a.png")]
    [InlineData(1, "add --grab", "nobody")]
    [InlineData(1, "must end in .png", "nobody", "--grab", "a.bmp")]
    [InlineData(1, "/dev/video99", "/dev/video99", "--grab", "a.png")]
    [InlineData(1, "must not hold user or password", "rtsp://a:b@127.0.0.1/x", "--grab", "a.png")]
    [InlineData(2, "--grap", "nobody", "--grap", "a.png")]
    public void A_mistake_is_told(int code, string words, params string[] arguments)
    {
        using AgentProcess agent = new(["cameras", .. arguments.Select(a => a.StartsWith("a.", StringComparison.Ordinal) ? folder[a] : a)]);
        Assert.Equal(code, agent.Wait());
        Assert.Contains(words, agent.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(folder.Path));
    }

    public void Dispose() => folder.Dispose();
}
