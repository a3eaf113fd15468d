using System.Net;
using System.Text.Json.Nodes;
using Edge.Agent.Configuration;
using Edge.Imaging;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Web;

/// <summary>Where the version that decided saw an anomaly, in the proportions of the frame; or why that can't be told any more.</summary>
public sealed class PartHeatmapTests
{
    private const int Width = 96, Height = 48;

    private static readonly Roi Region = new(32, 8, 32, 32);

    /// <summary>Dark, but for a bright left half of the region.</summary>
    private static byte[] Wide()
    {
        byte[] rgb = new byte[Width * Height * 3];
        for (int y = 0; y < Height; y++) rgb.AsSpan((y * Width + Region.X) * 3, Region.Width / 2 * 3).Fill(240);
        return rgb;
    }

    private static async Task<(TestAgent Agent, JsonNode Part)> StartAsync(Roi? region)
    {
        TestAgent agent = new();
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = agent["archive"], AcceptedShare = 1, MinFreeMegabytes = 0 };
        ImageFile.WritePng(Path.Combine(agent.Pictures, "1.png"), Wide(), Width, Height, PixelFormat.Rgb24);
        TestModels.Publish(agent.Models, TinyGraph.Write(), region);
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Host.Journal!.Written == 3, "the part, its picture and that the model runs");
        return (agent, Assert.Single(await agent.PartsAsync("")));
    }

    [Fact]
    public async Task It_is_the_frame_with_the_map_over_the_inspected_region()
    {
        (TestAgent agent, JsonNode part) = await StartAsync(Region);
        await using (agent)
        {
            ImageBuffer picture = new();
            ImageFile.Decode(await agent.BytesAsync($"/api/pictures/{part["image"]}/heatmap"), "heatmap", picture);
            Assert.Equal((Width, Height), (picture.Width, picture.Height));
            // In the region: the colour of the map's 240 over a gray of 240 to the left, black to the right. Outside: gray without colour (JPEG: some levels off).
            (byte R, byte G, byte B) hot = Heatmap.ColorOf(240, 240);
            Near(picture, Region.X + 6, 24, hot);
            Near(picture, Region.X + 26, 24, (0, 0, 0));
            Near(picture, 10, 24, (0, 0, 0));
            (byte R, byte G, byte B) above = At(picture, Region.X + 6, 2);
            Assert.InRange(above.R - above.B, -12, 12);
            Assert.InRange(hot.R - hot.B, 40, 255);
        }
    }

    [Fact]
    public async Task A_version_that_gives_another_score_or_has_gone_shows_nothing_and_says_why()
    {
        (TestAgent agent, JsonNode part) = await StartAsync(null);
        await using (agent)
        {
            string path = $"/api/pictures/{part["image"]}/heatmap";
            Assert.NotNull(await agent.BytesAsync(path));
            Assert.Contains("does not have this picture", await WhyAsync(agent, $"/api/pictures/{part["seq"]}/heatmap"), StringComparison.Ordinal);
            string version = Path.Combine(agent.Models, TestModels.Name, "1");
            Directory.Move(version, version + "0");

            await agent.Host.StopAsync(TestContext.Current.CancellationToken);
            await agent.Host.DisposeAsync();
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 5));   // version 11
            await agent.StartAsync();
            Assert.Contains("tiny version 1, which decided, can't be run any more", await WhyAsync(agent, path), StringComparison.Ordinal);

            Directory.Move(version + "0", version);
            Assert.NotNull(await agent.BytesAsync(path));
        }
    }

    [Fact]
    public async Task Another_region_than_the_part_was_inspected_with_is_told()
    {
        (TestAgent agent, JsonNode part) = await StartAsync(Region);
        await using (agent)
        {
            await agent.Host.StopAsync(TestContext.Current.CancellationToken);
            await agent.Host.DisposeAsync();
            Directory.Delete(Path.Combine(agent.Models, TestModels.Name), recursive: true);
            TestModels.Publish(agent.Models, TinyGraph.Write(), Region with { X = 0 });
            await agent.StartAsync();
            Assert.Contains("gives this picture 0 today, the line recorded 120", await WhyAsync(agent, $"/api/pictures/{part["image"]}/heatmap"), StringComparison.Ordinal);
        }
    }

    private static async Task<string> WhyAsync(TestAgent agent, string path)
    {
        (HttpStatusCode code, JsonNode json) = await agent.GetJsonAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, code);
        return (string)json["error"]!;
    }

    private static (byte R, byte G, byte B) At(ImageBuffer picture, int x, int y)
    {
        ReadOnlySpan<byte> bgr = picture.Pixels.Slice((y * picture.Width + x) * 3, 3);
        return (bgr[2], bgr[1], bgr[0]);
    }

    private static void Near(ImageBuffer picture, int x, int y, (byte R, byte G, byte B) expected)
    {
        (byte R, byte G, byte B) found = At(picture, x, y);
        Assert.True(Math.Abs(found.R - expected.R) + Math.Abs(found.G - expected.G) + Math.Abs(found.B - expected.B) < 40, $"{found} instead of {expected} at {x},{y}");
    }
}
