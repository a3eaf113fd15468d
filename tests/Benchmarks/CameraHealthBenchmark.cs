using Edge.Agent.Capture;
using Edge.Agent.Capture.Health;
using Edge.Imaging;

namespace Edge.Benchmarks;

/// <summary>What looking at a camera's frame costs beside the resize that every frame has anyway.</summary>
internal static class CameraHealthBenchmark
{
    public static void Run()
    {
        const int width = 1280, height = 1024, frames = 8;
        string folder = Directory.CreateTempSubdirectory("edge-health-").FullName;
        try
        {
            ImageBuffer frame = new();
            // One scene with noise, so that the view is looked for as well.
            Random random = new(1);
            byte[] scene = new byte[width * height * 3 / 4096];
            random.NextBytes(scene);
            for (int i = 0; i < frames; i++)
            {
                Span<byte> pixels = frame.Reset(width, height, PixelFormat.Bgr24);
                for (int p = 0; p < pixels.Length; p++) pixels[p] = (byte)(scene[p / 3 % width / 37 + p / 3 / width / 41 * 29] / 2 + random.Next(20));
                ImageFile.WritePng(Path.Combine(folder, $"{i}.png"), frame.Pixels, width, height, frame.Format);
            }
            CameraHealth health = new(folder, 0.03);
            RepeatedFrames repeats = new();
            Preprocessor preprocessor = new(new InputSpec { Width = 256, Height = 256 });
            byte[] rgb = new byte[256 * 256 * 3];
            Ratio examine = Paired.Measure(() => health.Examine(frame), () => preprocessor.Apply(frame, rgb), warmUp: 100);
            Console.WriteLine($"health check of a 1280×1024 BGR frame: {examine.A * 1000:F0} µs; / resize to 256×256 = {examine}");
            byte first = 0;
            Ratio repeat = Paired.Measure(
                () =>
                {
                    frame.Pixels[0] = first++;   // as in a live picture
                    repeats.IsRepeat(frame);
                },
                () => preprocessor.Apply(frame, rgb), warmUp: 100);
            Console.WriteLine($"comparison with the frame before: {repeat.A * 1000:F0} µs; / resize = {repeat}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
