using Edge.Agent.Capture;
using Edge.Agent.Capture.Health;
using Edge.Imaging;
using Edge.Scoring;
using Edge.Tests.Support;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Capture.Health;

/// <summary>A fixture with texture and colour, a part somewhere on it, noise: as usual, and as a camera sees it that somebody has touched.</summary>
public sealed class CameraHealthTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Mat fixture = MakeFixture();
    private readonly Random random = new(7);

    [Fact]
    public void Each_trouble_is_told_and_usual_frames_are_healthy()
    {
        CameraHealth health = Learn();
        for (int i = 0; i < 30; i++) Assert.Null(health.Examine(Take(Scene(i))));

        using Mat scene = Scene(99), blurred = new(), dark = scene * 0.4, bright = scene * 1.8, swapped = new(), shifted = new();
        Cv2.GaussianBlur(scene, blurred, new Size(0, 0), 4);
        Cv2.CvtColor(scene, swapped, ColorConversionCodes.BGR2RGB);
        using Mat move = Mat.FromPixelData(2, 3, MatType.CV_64FC1, new double[] { 1, 0, 30, 0, 1, 18 });
        Cv2.WarpAffine(scene, shifted, move, scene.Size(), InterpolationFlags.Linear, BorderTypes.Reflect);
        Assert.Equal(
            [CameraCause.OutOfFocus, CameraCause.Underexposed, CameraCause.Overexposed, CameraCause.ColorsSwapped, CameraCause.Shifted],
            new[] { blurred, dark, bright, swapped, shifted }.Select(m => health.Examine(Take(m))?.Cause));
        using Mat turned = new();
        Cv2.Rotate(scene, turned, RotateFlags.Rotate180);
        Assert.Contains("the view is another one", health.Examine(Take(turned))!.Value.Why, StringComparison.Ordinal);
        Assert.Matches("shifted by (9|10) % of its width", health.Examine(Take(shifted))!.Value.Why);   // √(30² + 18²·(400/320)²) of 400
    }

    [Fact]
    public void The_view_is_found_where_OpenCV_finds_it_and_as_well()
    {
        float[] scene = Smooth(random.Next());
        FieldOfView view = new([scene], 0.03);
        using Mat reference = Mat.FromPixelData(FieldOfView.Side, FieldOfView.Side, MatType.CV_32FC1, scene), found = new();
        for (int i = 0; i < 20; i++)
        {
            (int dx, int dy) = (random.Next(-16, 17), random.Next(-16, 17));
            float[] noise = Smooth(random.Next()), frame = new float[scene.Length];
            for (int y = 0; y < FieldOfView.Side; y++)
                for (int x = 0; x < FieldOfView.Side; x++)
                    frame[y * FieldOfView.Side + x] = scene[Math.Clamp(y + dy, 0, FieldOfView.Side - 1) * FieldOfView.Side + Math.Clamp(x + dx, 0, FieldOfView.Side - 1)] + 0.3f * noise[y * FieldOfView.Side + x];
            using Mat picture = Mat.FromPixelData(FieldOfView.Side, FieldOfView.Side, MatType.CV_32FC1, frame);
            Cv2.MatchTemplate(reference, picture[16, FieldOfView.Side - 16, 16, FieldOfView.Side - 16], found, TemplateMatchModes.CCoeffNormed);
            Cv2.MinMaxLoc(found, out _, out double best, out _, out Point at);
            (double shift, double alike) = view.Find(frame);
            Assert.Equal(Math.Sqrt(Math.Pow(at.X - 16, 2) + Math.Pow(at.Y - 16, 2)), shift, 1e-9);
            Assert.Equal(best, alike, 1e-4);
        }
        Assert.Equal((0, 0), view.Find(new float[scene.Length]));   // nothing to see
    }

    private static float[] Smooth(int seed)
    {
        Random noise = new(seed);
        float[] values = [.. Enumerable.Range(0, FieldOfView.Side * FieldOfView.Side).Select(_ => (float)(255 * noise.NextDouble()))];
        using Mat mat = Mat.FromPixelData(FieldOfView.Side, FieldOfView.Side, MatType.CV_32FC1, values);
        Cv2.GaussianBlur(mat, mat, new Size(0, 0), 3);
        return values;
    }

    [Fact]
    public void Too_few_golden_frames_are_refused()
    {
        for (int i = 0; i < 7; i++) Save(Scene(i), folder[$"{i}.png"]);
        Assert.Contains("at least 8 frames", Assert.Throws<EdgeException>(() => new CameraHealth(folder.Path, 0.03)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unhealthy_frame_is_uninspected_and_no_reject()
    {
        await using TestAgent agent = new();
        for (int i = 0; i < 8; i++) Save(Scene(i), Golden(agent, $"{i}.png"));
        agent.StationOptions.Health.GoldenFrames = agent["golden"];
        await agent.StartWithModelAsync();
        using Mat blurred = new();
        Cv2.GaussianBlur(Scene(50), blurred, new Size(0, 0), 4);
        Save(blurred, Path.Combine(agent.Pictures, "1.png"));
        await agent.UntilAsync(() => agent.Station.Ledger.Count(Verdict.Uninspected, Agent.Inspection.Reason.Camera) == 1, "the blurred frame");
        Assert.Equal((CameraState.Online, CameraCause.OutOfFocus, 1), (agent.Station.Camera.State, agent.Station.Camera.Cause, agent.Station.Camera.Unhealthy));
        Assert.Contains("edges have", agent.Station.Camera.Trouble, StringComparison.Ordinal);
        Save(Scene(51), Path.Combine(agent.Pictures, "2.png"));
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers == 2 && agent.Station.Ledger.Awaiting == 0, "the sharp frame");
        Assert.Equal(1, agent.Station.Ledger.Count(Verdict.Uninspected));
        Assert.Equal((CameraCause.None, null), (agent.Station.Camera.Cause, agent.Station.Camera.Trouble));
        Assert.Contains(agent.Log, l => l.Contains("camera unhealthy (OutOfFocus): edges have", StringComparison.Ordinal));
    }

    private static string Golden(TestAgent agent, string name)
    {
        Directory.CreateDirectory(agent["golden"]);
        return Path.Combine(agent["golden"], name);
    }

    private CameraHealth Learn()
    {
        for (int i = 0; i < 10; i++) Save(Scene(100 + i), folder[$"{i}.png"]);
        return new CameraHealth(folder.Path, 0.03);
    }

    private static Mat MakeFixture()
    {
        Random random = new(1);
        byte[] texture = new byte[320 * 400 * 3];
        for (int i = 0; i < texture.Length; i++) texture[i] = (byte)(random.Next(110) + i % 3 * 50);   // warm: more red than blue
        using Mat noise = Mat.FromPixelData(320, 400, MatType.CV_8UC3, texture);
        Mat smooth = new();
        Cv2.GaussianBlur(noise, smooth, new Size(0, 0), 2);
        return smooth;
    }

    /// <summary>The fixture with a part that lies a little differently each time.</summary>
    private Mat Scene(int seed)
    {
        Random place = new(seed);
        Mat scene = fixture.Clone();
        Cv2.Circle(scene, new Point(200 + place.Next(-20, 20), 160 + place.Next(-20, 20)), 50, new Scalar(90, 110, 140), -1);
        byte[] grain = new byte[320 * 400 * 3];
        random.NextBytes(grain);
        using Mat noise = Mat.FromPixelData(320, 400, MatType.CV_8UC3, grain);
        Cv2.AddWeighted(scene, 1, noise, 0.03, -3.8, scene);
        return scene;
    }

    private static void Save(Mat mat, string file)
    {
        Cv2.ImWrite(file + ".part.png", mat);
        File.Move(file + ".part.png", file);
    }

    private static ImageBuffer Take(Mat mat)
    {
        ImageBuffer image = new();
        Cv2.ImEncode(".png", mat, out byte[] png);
        ImageFile.Decode(png, "scene", image);
        return image;
    }

    public void Dispose()
    {
        fixture.Dispose();
        folder.Dispose();
    }
}
