using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting.Systemd;

namespace Edge.Hosting;

internal static class Logging
{
    /// <summary>Lines for systemd's journal below systemd, else with the time; Microsoft's own only from warnings on.</summary>
    /// <param name="section">Section <c>Logging</c>, or null.</param>
    public static void UseOurLogging(this WebApplicationBuilder builder, IConfiguration? section)
    {
        if (section is not null) builder.Logging.AddConfiguration(section);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        if (SystemdHelpers.IsSystemdService()) builder.Logging.AddSystemdConsole();
        else builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "));
    }
}
