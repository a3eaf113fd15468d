using System.Net;
using System.Net.Sockets;
using System.Text;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Diagnostics;

/// <summary>The agent as a process: what systemd, the shell and the broker see of it.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Systemd_hears_ready_watchdog_status_and_stopping()
    {
        using TempFolder folder = new();
        using Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        using AgentProcess agent = new(["run", "--config", Configure(folder, mqttPort: null)], ("NOTIFY_SOCKET", folder["notify"]), ("WATCHDOG_USEC", "200000"));
        List<string> heard = [];
        await Hear("READY=1");
        await Hear("WATCHDOG=1");
        await Hear("WATCHDOG=1");
        Assert.Contains(heard, h => h.StartsWith("STATUS=cam1: camera", StringComparison.Ordinal));
        agent.Terminate();
        await Hear("STOPPING=1");
        Assert.Equal(0, agent.Wait());

        async Task Hear(string what)
        {
            byte[] datagram = new byte[4096];
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(60));
            do
            {
                int length = await systemd.ReceiveAsync(datagram, patience.Token);
                heard.Add(Encoding.UTF8.GetString(datagram, 0, length));
            }
            while (heard[^1] != what);
        }
    }

    [Fact]
    public async Task Killing_the_agent_delivers_its_will()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        using TempFolder folder = new();
        using AgentProcess agent = new(["run", "--config", Configure(folder, broker.Port)]);
        await plc.HearAsync("status", h => h["state"] == "online");
        agent.Kill();
        await plc.UntilAsync(() => plc.All("status")[^1].Text == """{"state":"offline"}""", "the will");
    }

    [Fact]
    public void A_mistake_in_the_configuration_is_one_message_and_exit_code_1()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["bad.json"], """{"Edge":{"Stations":{"a":{"Modell":"m"}}}}""");
        using AgentProcess agent = new(["run", "--config", folder["bad.json"]]);
        Assert.Equal(1, agent.Wait());
        Assert.Contains("error: The configuration is not valid:", agent.Output, StringComparison.Ordinal);
        Assert.Contains("Edge:Stations:a:Modell is not known", agent.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_in_use_is_one_message_and_exit_code_1()
    {
        using TempFolder folder = new();
        using TcpListener holder = new(IPAddress.Loopback, 0);
        holder.Start();
        using AgentProcess agent = new(["run", "--config", Configure(folder, null, ((IPEndPoint)holder.LocalEndpoint).Port)]);
        Assert.Equal(1, agent.Wait());
        Assert.Contains("is in use", agent.Output, StringComparison.Ordinal);
        Assert.Contains("Edge:Http:Port", agent.Output, StringComparison.Ordinal);
    }

    private static string Configure(TempFolder folder, int? mqttPort, int httpPort = 0)
    {
        Directory.CreateDirectory(folder["pictures"]);
        TestModels.Publish(folder["models"], TinyGraph.Write());
        File.WriteAllText(folder["a.json"], $$"""
            {
              "Edge": {
                "Models": "{{folder["models"]}}",
                "Http": { "Port": {{httpPort}} },
                "Journal": { "Path": "{{folder["journal.db"]}}" },
                "Mqtt": { "Enabled": {{(mqttPort is null ? "false" : "true")}}, "Host": "127.0.0.1", "Port": {{mqttPort ?? 1883}} },
                "Stations": { "cam1": { "Model": "{{TestModels.Name}}", "Source": { "Path": "{{folder["pictures"]}}" } } }
              }
            }
            """);
        return folder["a.json"];
    }
}
