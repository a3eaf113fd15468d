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
        # AUPIMO: x from normal pictures only, thresholds at every distinct normal value, straight lines in log x.
        clean = masks.reshape(len(masks), -1).sum(1) == 0
        t, count = np.unique(maps[clean], return_counts=True)
        x = (np.cumsum(count[::-1]) / count.sum()) if count.size else np.array([1.0])
        if x[0] <= 1e-5:
            grid = np.log(np.r_[1e-5, x[(x > 1e-5) & (x < 1e-4)], 1e-4])
            areas = []
            for m, k in zip(maps[~clean], masks[~clean]):
                found = np.sort(m[k])
                y = 1 - np.searchsorted(found, t[::-1], side='left') / len(found)
                areas.append(np.trapz(np.interp(grid, np.log(x), y), grid) / np.log(10))
            print(repr(np.mean(areas)), *map(repr, areas))
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
        foreach ((float[] map, byte[] mask) in pictures.OrderBy(p => p.Mask.Any(m => m != 0)))
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
        OverlapFigures aupimo = metrics.Aupimo();
        Assert.Equal(aupimo.Reason is null, exact.Length > 3);
        if (aupimo.Reason is null)
        {
            Assert.Equal(exact[3], aupimo.Mean!.Value, 2e-5);
            Assert.Equal(exact.Length - 4, aupimo.Pictures.Count);
            // Values of one bin count as ties: a picture with few anomalous pixels feels it more than the mean does.
            for (int i = 0; i < aupimo.Pictures.Count; i++) Assert.Equal(exact[4 + i], aupimo.Pictures[i].Aupimo, 1e-3);
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"AUROC {exact[0]} off by {metrics.Auroc() - exact[0]:E2}, AUPRO {exact[1]} off by {metrics.Aupro() - exact[1]:E2}");
    }

    [Fact]
    public void Aupimo_equals_the_exact_computation()
    {
        Random random = new(11);
        const int Width = 256;   // 1e-5 of 4 normal pictures is 2.6 pixels
        List<(float[], byte[])> pictures = [];
        for (int p = 0; p < 9; p++)
        {
            byte[] mask = new byte[Width * Width];
            if (p % 2 == 1) for (int i = 0; i < mask.Length; i++) if (Math.Abs(i % Width - 20 * p) + Math.Abs(i / Width - 90) <= 3 * p) mask[i] = 255;
            float lift = 0.35f + 0.02f * p;   // the anomalous pixels' values straddle the normal ones' highest
            pictures.Add(([.. mask.Select(m => MathF.Pow(random.NextSingle(), 3) + (m > 0 ? lift * 2 * random.NextSingle() : 0))], mask));
        }
        Compare(pictures, Width, Width, tolerance: 1e-6);
    }

    [Fact]
    public void Aupimo_by_hand_and_without_enough_normal_pixels()
    {
        int[] regions = new int[400 * 400];
        regions.AsSpan(0, 4).Fill(1);
        using Mat labels = Mat.FromPixelData(400, 400, MatType.CV_32SC1, regions);
        float[] normal = new float[400 * 400];
        normal.AsSpan(0, 1600).Fill(1);                       // one rate, 1e-2 > U, after the pixel at 1/160000 < L
        normal[7] = 5;
        float[] anomalous = [.. normal];
        anomalous.AsSpan(0, 4).Clear();
        (anomalous[0], anomalous[1]) = (9, 3);                // one above the highest normal value, one between
        PixelMetrics metrics = new();
        metrics.AddNormal(normal, "n");
        metrics.AddAnomalous(anomalous, labels, 1, "a");
        // From (6.25e-6, ¼) to (1e-2, ½), a straight line in ln x: the area from L to U is the line's value at their middle.
        double middle = (Math.Log(Math.Sqrt(1e-5 * 1e-4)) - Math.Log(1 / 160000.0)) / (Math.Log(1e-2) - Math.Log(1 / 160000.0));
        Assert.Equal(0.25 + 0.25 * middle, metrics.Aupimo().Mean!.Value, 1e-12);
        Assert.Throws<InvalidOperationException>(() => metrics.AddNormal(normal, "late"));

        PixelMetrics few = new();
        few.AddNormal(new float[1000], "n");
        few.AddAnomalous(anomalous, labels, 1, "a");
        Assert.Null(few.Aupimo().Mean);
        Assert.Contains("1000 pixels", few.Aupimo().Reason, StringComparison.Ordinal);
        Assert.Equal("there are no normal pictures", new PixelMetrics().Aupimo().Reason);
    }

    [Fact]
    public void The_curve_of_pixel_thresholds_counts_as_comparing_does()
    {
        Random random = new(2);
        int[] regions = [.. Enumerable.Range(0, 4096).Select(i => i < 300 ? 1 : 0)];
        float[] map = [.. regions.Select(r => (float)(random.Next(-40, 40) + 15 * r) / 8)];
        using Mat labels = Mat.FromPixelData(64, 64, MatType.CV_32SC1, regions);
        PixelMetrics metrics = new();
        metrics.AddAnomalous(map, labels, 1, "a");
        foreach (Training.Thresholds.OperatingPoint point in metrics.Curve()!.Points)
            Assert.Equal(ConfusionMatrix.At(point.Threshold, map.AsSpan(300), map.AsSpan(0, 300)), point.Confusion);
        Assert.Null(new PixelMetrics().Curve());
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
