using Edge.Imaging;
using OpenCvSharp;

namespace Edge.Benchmarks;

/// <summary>Our one-pass resize against OpenCV's anti-aliased resize (INTER_AREA) plus its colour conversion.</summary>
internal static class PreprocessBenchmark
{
    public static void Run()
    {
        Cv2.SetNumThreads(1);
        foreach ((int size, PixelFormat format) in ((int, PixelFormat)[])[(256, PixelFormat.Bgr24), (224, PixelFormat.Bgr24), (256, PixelFormat.Mono8), (256, PixelFormat.Mono16)])
        {
            ImageBuffer frame = new();
            new Random(1).NextBytes(frame.Reset(1280, 1024, format));
            Preprocessor preprocessor = new(new InputSpec { Width = size, Height = size });
            byte[] rgb = new byte[size * size * 3];
            MatType type = format switch { PixelFormat.Mono8 => MatType.CV_8UC1, PixelFormat.Mono16 => MatType.CV_16UC1, _ => MatType.CV_8UC3 };
            using Mat source = Mat.FromPixelData(1024, 1280, type, frame.Pixels.ToArray()), small = new(), color = new();
            Ratio ratio = Paired.Measure(
                () => preprocessor.Apply(frame, rgb),
                () =>
                {
                    Cv2.Resize(source, small, new Size(size, size), 0, 0, InterpolationFlags.Area);
                    if (format == PixelFormat.Bgr24) Cv2.CvtColor(small, color, ColorConversionCodes.BGR2RGB);
                    else Cv2.CvtColor(small, color, ColorConversionCodes.GRAY2RGB);
                },
                warmUp: 100);   // until the runtime has compiled the loops for good
            Console.WriteLine($"preprocess 1280×1024 {format} → {size}×{size} RGB, 1 thread: ours / OpenCV = {ratio}");
        }
    }
}
