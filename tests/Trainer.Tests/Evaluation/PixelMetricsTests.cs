using System.Runtime.InteropServices;
using Edge.Training.Evaluation;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Evaluation;

public sealed class PixelMetricsTests
{
    private const int Side = 64;

    /// <summary>Exact: scikit-learn's ROC over all pixels; AUPRO over every distinct value, regions labelled by scikit-image.</summary>
    private const string Exact = """
        import sys, os; os.chdir(sys.argv[1])
        import numpy as np
        from sklearn.metrics import roc_auc_score
        from skimage.measure import label
        shape = tuple(int(v) for v in open('shape').read().split())
        maps = np.fromfile('maps', np.float32).reshape(shape)
        masks = np.fromfile('masks', np.uint8).reshape(shape) > 0
        print(repr(roc_auc_score(masks.ravel(), maps.ravel())))
        regions = [m[l == i] for m, l in zip(maps, (label(k, connectivity=2) for k in masks)) for i in range(1, l.max() + 1)]
        values, index = np.unique(maps, return_inverse=True)
        fp = np.bincount(index[~masks.ravel()], minlength=len(values)).astype(float)
        found = np.zeros(len(values))
        for r in regions:
            np.add.at(found, np.searchsorted(values, r), 1.0 / len(r) / len(regions))
        x = np.r_[0, np.cumsum(fp[::-1]) / fp.sum()]
        y = np.r_[0, np.cumsum(found[::-1])]
        limit = 0.3
        k = np.searchsorted(x, limit)
        xs = np.r_[x[:k], limit]
        ys = np.r_[y[:k], y[k - 1] + (limit - x[k - 1]) / (x[k] - x[k - 1]) * (y[k] - y[k - 1])]
        print(repr(np.trapz(ys, xs) / limit), len(regions))
        """;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Equal_the_exact_computation(int seed, bool ties)
    {
        Random random = new(seed);
        List<(float[] Map, byte[] Mask)> pictures = [];
        for (int p = 0; p < 6; p++)
        {
            byte[] mask = new byte[Side * Side];
            for (int blob = 0; blob < p; blob++)
            {
                (int cx, int cy, int r) = (random.Next(Side), random.Next(Side), 1 + random.Next(8));
                for (int i = 0; i < mask.Length; i++) if (Math.Abs(i % Side - cx) + Math.Abs(i / Side - cy) <= r) mask[i] = 255;
            }
            float scale = seed == 3 ? -1e-3f : 4;   // negative values too
            float[] map = [.. mask.Select(m => scale * (random.NextSingle() + (m > 0 ? MathF.CopySign(0.4f, scale) : 0)))];
            if (ties) for (int i = 0; i < map.Length; i++) map[i] = MathF.Round(map[i]);
            pictures.Add((map, mask));
        }
        Compare(pictures, Side, Side, tolerance: 1e-6);
    }

    [Fact]
    public void Equal_the_exact_computation_on_real_pictures_and_masks()
    {
        string data = TestPaths.Shared("datasets/magnetic_tile");
        const int Width = 128;
        List<(float[], byte[])> pictures = [];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(data, "ground_truth"), "*_mask.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(120))
        {
            using Mat mask = Cv2.ImRead(file, ImreadModes.Grayscale), small = new(), image = new(), blurred = new(), map = new();
            Cv2.Resize(mask, small, new Size(Width, Width), interpolation: InterpolationFlags.Nearest);
            string stem = Path.GetFileNameWithoutExtension(file)[..^5], folder = Path.Combine(data, "test", Path.GetFileName(Path.GetDirectoryName(file)!));
            using Mat gray = Cv2.ImRead(Directory.GetFiles(folder, stem + ".*").Single(), ImreadModes.Grayscale);
            // A plain detector: how far a pixel is from its surroundings. Real distributions, real ties.
            Cv2.Resize(gray, image, new Size(Width, Width));
            image.ConvertTo(image, MatType.CV_32F, 1 / 255.0);
            Cv2.GaussianBlur(image, blurred, new Size(0, 0), 9);
            Cv2.Absdiff(image, blurred, map);
            Cv2.GaussianBlur(map, map, new Size(0, 0), 2);
            small.GetArray(out byte[] maskPixels);
            map.GetArray(out float[] mapPixels);
            pictures.Add((mapPixels, maskPixels));
        }
        Compare(pictures, Width, Width, tolerance: 1e-6);
    }

    private static void Compare(IReadOnlyList<(float[] Map, byte[] Mask)> pictures, int width, int height, double tolerance)
    {
        using TempFolder folder = new();
        PixelMetrics metrics = new();
        using Mat labels = new();
        foreach ((float[] map, byte[] mask) in pictures)
        {
            if (mask.All(m => m == 0)) { metrics.AddNormal(map, "n"); continue; }
            using Mat binary = Mat.FromPixelData(height, width, MatType.CV_8UC1, mask);
            int regions = Cv2.ConnectedComponents(binary, labels, PixelConnectivity.Connectivity8, MatType.CV_32S) - 1;
            metrics.AddAnomalous(map, labels, regions, "a");
        }
        File.WriteAllBytes(folder["maps"], MemoryMarshal.AsBytes<float>(pictures.SelectMany(p => p.Map).ToArray()));
        File.WriteAllBytes(folder["masks"], MemoryMarshal.AsBytes<byte>(pictures.SelectMany(p => p.Mask).ToArray()));
        File.WriteAllText(folder["shape"], $"{pictures.Count} {height} {width}");
        double[] exact = ImageMetricsTests.Numbers(Python.Run(Exact, "numpy sklearn skimage", folder.Path));
        Assert.Equal(exact[2], metrics.Regions);
        Assert.Equal(exact[0], metrics.Auroc()!.Value, tolerance);
        Assert.Equal(exact[1], metrics.Aupro()!.Value, tolerance);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"AUROC {exact[0]} off by {metrics.Auroc() - exact[0]:E2}, AUPRO {exact[1]} off by {metrics.Aupro() - exact[1]:E2}");
    }

    [Fact]
    public void Perfect_useless_and_reversed_maps()
    {
        Assert.Equal((1.0, 1.0), Figures(mask => mask ? 2 : 1));
        Assert.Equal((0.0, 0.0), Figures(mask => mask ? 1 : 2));
        // A constant map: the curve is the diagonal, whose area up to 0.3 is 0.3² / 2.
        (double? auroc, double? aupro) = Figures(_ => 1);
        Assert.Equal(0.5, auroc!.Value, 1e-12);
        Assert.Equal(0.15, aupro!.Value, 1e-12);

        static (double?, double?) Figures(Func<bool, float> score)
        {
            int[] regions = new int[100];
            regions.AsSpan(20, 5).Fill(1);
            regions.AsSpan(60, 9).Fill(2);
            using Mat labels = Mat.FromPixelData(10, 10, MatType.CV_32SC1, regions);
            PixelMetrics metrics = new();
            metrics.AddAnomalous([.. regions.Select(r => score(r > 0))], labels, 2, "a");
            return (metrics.Auroc(), metrics.Aupro());
        }
    }

    [Fact]
    public void One_class_alone_has_no_figure_and_a_bad_value_names_the_picture()
    {
        PixelMetrics metrics = new();
        Assert.Null(metrics.Auroc());
        Assert.Null(metrics.Aupro());
        metrics.AddNormal(new float[16], "n");
        Assert.Null(metrics.Auroc());
        Assert.Null(metrics.Aupro());
        float[] bad = new float[16];
        bad[15] = float.NaN;
        Assert.Contains("tile 7.jpg", Assert.Throws<EdgeException>(() => metrics.AddNormal(bad, "tile 7.jpg")).Message, StringComparison.Ordinal);
        Assert.Equal(16, metrics.NormalPixels);
    }
}
