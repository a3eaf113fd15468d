using Edge.Imaging;
using Edge.Training.Methods.Networks;
using Xunit;

namespace Edge.Tests.Methods.Networks;

/// <summary>Small pictures of parts: stripes are normal, a dark square is not.</summary>
internal static class StripedParts
{
    public static void WriteData(TempFolder folder)
    {
        for (int i = 0; i < 20; i++) Write(folder[$"data/train/good/{i:00}.png"], i, defect: false);
        for (int i = 0; i < 4; i++) Write(folder[$"data/test/good/{i}.png"], 1000 + i, defect: false);
        for (int i = 0; i < 4; i++) Write(folder[$"data/test/square/{i}.png"], 2000 + i, defect: true);
    }

    public static void Write(string path, int seed, bool defect)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Random random = new(seed);
        byte[] pixels = new byte[80 * 64 * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i / 3 % 80, y = i / 240;
            pixels[i] = (byte)((defect && IsDefect(x, y) ? 30 : 130 + 40 * Math.Sin(x * 0.5)) + random.Next(16));
        }
        ImageFile.WritePng(path, pixels, 80, 64, PixelFormat.Rgb24);
    }

    public static bool IsDefect(int x, int y) => x is > 30 and < 46 && y is > 20 and < 36;

    /// <summary>Cancels a training when its first epoch is on the disk. Where it was by then, in its second epoch or a later one, is of no matter.</summary>
    public static void InterruptAfterAnEpoch(TrainingSchedule schedule, Action<CancellationTokenSource> train)
    {
        using CancellationTokenSource source = new();
        using FileSystemWatcher watcher = new(Path.GetDirectoryName(schedule.Checkpoint)!, Path.GetFileName(schedule.Checkpoint)!);
        watcher.Created += (_, _) => source.Cancel();
        watcher.Renamed += (_, _) => source.Cancel();
        watcher.EnableRaisingEvents = true;
        try
        {
            train(source);
        }
        catch (OperationCanceledException)
        {
            // As wanted.
        }
        Assert.True(File.Exists(schedule.Checkpoint));
    }
}
