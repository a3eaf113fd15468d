using System.Diagnostics;
using Xunit;

namespace Edge.Tests;

/// <summary>Waits for something another process does; fails with a message when it never comes.</summary>
internal static class Eventually
{
    public static async Task<T> Get<T>(Func<Task<T?>> read, string what, TimeSpan? within = null) where T : class
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.Elapsed < (within ?? TimeSpan.FromSeconds(60)))
        {
            if (await read() is { } value) return value;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"{what}: not within {clock.Elapsed.TotalSeconds:F0} s");
        return null!;
    }

    public static Task True(Func<bool> condition, string what, TimeSpan? within = null) =>
        Get(() => Task.FromResult(condition() ? "" : null), what, within);
}
