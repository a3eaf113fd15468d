using System.Text;
using System.Text.Json;
using Edge.Agent.Configuration;
using Edge.Journal;
using Edge.Packages;
using Edge.Tests.Support;
using MQTTnet;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests.Delivery;

/// <summary>An agent that fetches its model over HTTPS: what it takes, what it refuses, what a bad network and a full disk do to it. The line goes on in every one.</summary>
public sealed class DeliveryTests : IDisposable
{
    private const int Ballast = 3_000_000;

    private readonly TestCertificates authority = new();

    public void Dispose() => authority.Dispose();

    private static TestAgent Agent(PackageHost host, Action<DeliveryOptions>? configure = null, TestBroker? broker = null)
    {
        TestAgent agent = new(broker);
        agent.Options.Delivery.Url = $"https://localhost:{host.Port}";
        agent.Options.Delivery.CaFile = host.Authority;
        agent.Options.Delivery.TokenFile = agent["token"];
        agent.Options.Delivery.FreeMegabytes = 0;
        File.WriteAllText(agent["token"], PackageHost.Token + "\n");
        configure?.Invoke(agent.Options.Delivery);
        agent.AddPicture("1.png", 40);
        return agent;
    }

    private async Task<PackageHost> HostAsync()
    {
        PackageHost host = new(authority);
        await host.StartAsync();
        return host;
    }

    private static Package Publish(string models, float bias, bool current = true, int ballast = 0, SigningKey? signer = null) =>
        TestModels.Publish(models, TinyGraph.Write(bias: bias), setCurrent: current, ballast: ballast, signer: signer);

    private static Task RunsAsync(TestAgent agent, int version) => agent.UntilAsync(() => agent.Station.Inspector.Model?.Version == version, $"version {version} runs");

    private static async Task<string> MetricsAsync(TestAgent agent)
    {
        using HttpClient http = new();
        return await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), TestContext.Current.CancellationToken);
    }

    private static async Task UntilTroubleAsync(TestAgent agent, string cause)
    {
        for (string metrics = ""; !metrics.Contains($"edge_delivery_trouble{{cause=\"{cause}\"}} 1", StringComparison.Ordinal);)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            metrics = await MetricsAsync(agent);
        }
    }

    private static IReadOnlyList<JsonElement> Events(TestAgent agent, string kind)
    {
        using JournalFile journal = JournalFile.Open(agent.Options.Journal.Path);
        return [.. journal.After(0).Where(e => e.Kind == JournalKind.Event).Select(e => JsonDocument.Parse(e.Record).RootElement.Clone()).Where(e => e.GetProperty("event").GetString() == kind)];
    }

    [Fact]
    public async Task What_is_current_at_the_trainer_is_fetched_proved_and_run_and_an_order_here_stands()
    {
        await using PackageHost host = await HostAsync();
        Package first = Publish(host.Models, 1, ballast: Ballast);
        Publish(host.Models, 2, current: false);
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = Agent(host, o => (o.Activate, o.PollMinutes) = (DeliveryActivation.Current, 10_000), broker);
        await agent.StartAsync();
        await RunsAsync(agent, 1);
        PackageStore here = new(agent.Models);
        await agent.UntilAsync(() => here.Versions(TestModels.Name).Count == 2, "the newest is here too");
        foreach (string file in first.Manifest.Files.Keys) Assert.Equal(File.ReadAllBytes(Path.Combine(first.Folder, file)), File.ReadAllBytes(Path.Combine(here.FolderOf(TestModels.Name, 1), file)));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(agent.Models, TestModels.Name), ".*"));
        Activation told = Assert.Single(here.History(TestModels.Name));
        Assert.Equal((1, $"delivery from https://localhost:{host.Port}", "current at the trainer"), (told.To, told.By, told.Why));
        await agent.UntilAsync(() => Events(agent, "model-delivered").Count == 2, "both are journalled");

        // The trainer names the newer one: the retained message makes the agent ask at once.
        using IMqttClient trainer = await ConnectAsync(broker);
        new PackageStore(host.Models).SetCurrent(TestModels.Name, 2);
        await AnnounceAsync(trainer, TestModels.Name, JsonSerializer.Serialize(host.OfferOf(TestModels.Name, 2), JsonSerializerOptions.Web));
        await RunsAsync(agent, 2);

        // Somebody rolls back here: the trainer's order was followed once, and is not again, after a restart neither.
        agent.Station.Watcher.Activate(1, "anna", "worse");
        await RunsAsync(agent, 1);
        int asked = host.Requests.Count;
        await AnnounceAsync(trainer, TestModels.Name, JsonSerializer.Serialize(host.OfferOf(TestModels.Name, 2), JsonSerializerOptions.Web));
        await agent.UntilAsync(() => host.Requests.Count > asked, "it asks");
        await agent.RestartAsync();
        await agent.UntilAsync(() => host.Requests.Count > asked + 1, "it asks after the restart");
        Assert.Equal(1, agent.Station.Inspector.Model!.Version);
        Assert.DoesNotContain(agent.Log, l => l.Contains("is not known any more", StringComparison.Ordinal));

        // The trainer goes back too, and forward again: that is another order.
        new PackageStore(host.Models).SetCurrent(TestModels.Name, 1);
        await AnnounceAsync(trainer, TestModels.Name, JsonSerializer.Serialize(host.OfferOf(TestModels.Name, 1), JsonSerializerOptions.Web));
        await agent.UntilAsync(() => File.ReadAllText(agent["state/delivery.json"]).Contains("\"followed\":1", StringComparison.Ordinal), "version 1 is followed");
        new PackageStore(host.Models).SetCurrent(TestModels.Name, 2);
        await AnnounceAsync(trainer, TestModels.Name, JsonSerializer.Serialize(host.OfferOf(TestModels.Name, 2), JsonSerializerOptions.Web));
        await RunsAsync(agent, 2);
        string metrics = await MetricsAsync(agent);
        Assert.Contains("edge_delivery_offered_version{model=\"tiny\"} 2", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("edge_delivery_asked_timestamp_seconds 0", metrics, StringComparison.Ordinal);
        Assert.Matches("edge_certificate_expiry_timestamp_seconds{station=\"delivery\",certificate=\"trainer\"} [1-9]", metrics);
    }

    [Fact]
    public async Task A_message_that_is_none_is_counted_and_leads_to_no_request()
    {
        await using PackageHost host = await HostAsync();
        Publish(host.Models, 1);
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = Agent(host, o => o.PollMinutes = 10_000, broker);
        await agent.StartAsync();
        await agent.UntilAsync(() => new PackageStore(agent.Models).Versions(TestModels.Name).Count == 1 && agent.Host.Delivery!.Listens, "fetched");
        using IMqttClient attacker = await ConnectAsync(broker);
        int asked = host.Requests.Count;
        string good = JsonSerializer.Serialize(host.OfferOf(TestModels.Name, 1), JsonSerializerOptions.Web);
        string[] hostile =
        [
            "[]", "{", "null", good + "x", good.Replace("tiny", "other", StringComparison.Ordinal), good.Replace("\"version\":1", "\"version\":0", StringComparison.Ordinal), good.Replace("\"version\":1", "\"version\":1e9", StringComparison.Ordinal),
            good.Replace("\"manifest\":\"", "\"manifest\":\"../", StringComparison.Ordinal), good.Replace("{\"model\"", "{\"url\":\"https://attacker.example/\",\"model\"", StringComparison.Ordinal),
            good.Replace("{\"model\"", "{\"model\":\"tiny\",\"model\"", StringComparison.Ordinal), new string(' ', 5000), new string('[', 3000),
        ];
        foreach (string payload in hostile) await AnnounceAsync(attacker, TestModels.Name, payload);
        await agent.UntilAsync(() => agent.Host.Delivery!.Invalid == hostile.Length, "all are counted");
        await AnnounceAsync(attacker, "another", JsonSerializer.Serialize(new ModelOffer("another", host.OfferOf(TestModels.Name, 1).Newest, null), JsonSerializerOptions.Web));
        await AnnounceAsync(attacker, TestModels.Name, "");
        await AnnounceAsync(attacker, TestModels.Name, good);   // the last one is a reason to ask, once
        await agent.UntilAsync(() => host.Requests.Count > asked, "it asks");
        Assert.Equal(asked + 1, host.Requests.Count);
        Assert.Equal(hostile.Length, agent.Host.Delivery!.Invalid);
        Assert.Single(agent.Log, l => l.Contains("announces no model", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_that_breaks_again_and_again_brings_every_byte_once()
    {
        await using PackageHost host = await HostAsync();
        Package package = Publish(host.Models, 1, ballast: Ballast);
        host.CutAfter = 700_000;
        await using TestAgent agent = Agent(host, o => o.Activate = DeliveryActivation.Current);
        await agent.StartAsync();
        await RunsAsync(agent, 1);
        string[] asked = [.. host.Requests.Where(r => r.Contains("report.html", StringComparison.Ordinal))];
        Assert.True(asked.Length >= 5 && asked.Skip(1).All(r => r.Contains(" bytes=", StringComparison.Ordinal)), string.Join('\n', asked));
        string metrics = await MetricsAsync(agent);
        long all = package.Manifest.Files.Keys.Sum(f => new FileInfo(Path.Combine(package.Folder, f)).Length);
        Assert.Contains($"edge_delivery_bytes_total {all}", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("edge_delivery_resumes_total 0", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_was_stopped_in_the_middle_goes_on_where_it_was()
    {
        await using PackageHost host = await HostAsync();
        Publish(host.Models, 1, ballast: Ballast);
        await using TestAgent agent = Agent(host, o => (o.Activate, o.MaxKilobytesPerSecond) = (DeliveryActivation.Current, 500));
        await agent.StartAsync();
        string folder = Path.Combine(agent.Models, TestModels.Name);
        await agent.UntilAsync(() => Part() > 500_000, "a part is here");
        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        await agent.Host.DisposeAsync();
        long had = Part();
        Assert.InRange(had, 500_000, Ballast - 1);
        Assert.Empty(new PackageStore(agent.Models).Versions(TestModels.Name));
        agent.Options.Delivery.MaxKilobytesPerSecond = null;
        int asked = host.Requests.Count;
        await agent.StartAsync();
        await RunsAsync(agent, 1);
        Assert.Contains($"/models/tiny/1/report.html bytes={had}-", host.Requests.Skip(asked));
        Assert.DoesNotContain(host.Requests.Skip(asked), r => r.Contains("model.onnx", StringComparison.Ordinal) || r.Contains("golden", StringComparison.Ordinal));   // they were whole

        long Part() => Directory.Exists(folder) && Directory.EnumerateDirectories(folder, ".fetch-1-*").FirstOrDefault() is { } staging && File.Exists(Path.Combine(staging, "report.html.part")) ? new FileInfo(Path.Combine(staging, "report.html.part")).Length : 0;
    }

    [Fact]
    public async Task A_file_that_came_damaged_once_is_fetched_again()
    {
        await using PackageHost host = await HostAsync();
        Publish(host.Models, 1);
        int models = 0;
        host.Damage = (file, bytes) => file == "model.onnx" && models++ == 0 ? Flip(bytes) : bytes;
        await using TestAgent agent = Agent(host, o => o.Activate = DeliveryActivation.Current);
        await agent.StartAsync();
        await RunsAsync(agent, 1);
        Assert.Equal(2, models);
    }

    [Theory]
    [InlineData("damaged", "comes damaged")]
    [InlineData("longer", "more comes than")]
    [InlineData("manifest", "manifest.json is not the one that was offered")]
    [InlineData("unsigned", "it is not signed")]
    [InlineData("stranger", "which is not trusted")]
    [InlineData("resigned", "is not of this manifest.json")]
    [InlineData("another version", "it is tiny version 3")]
    [InlineData("outside", "has a name that is not fetched")]
    [InlineData("absolute", "has a name that is not fetched")]
    [InlineData("large", "Edge:Delivery:MaxMegabytes is 1")]
    [InlineData("missing", "which the manifest names")]
    [InlineData("unproved", "does not prove itself")]
    public async Task What_is_not_as_it_should_be_is_refused_and_what_runs_stays(string what, string why)
    {
        using TempFolder keys = new();
        SigningKey key = SigningKey.Create(keys["key"]), stranger = SigningKey.Create(keys["stranger"]);
        await using PackageHost host = await HostAsync();
        await using TestAgent agent = Agent(host, o => (o.Activate, o.MaxMegabytes) = (DeliveryActivation.Current, 1));
        agent.Options.TrustedKeys = keys["key.pub"];
        TestModels.Publish(agent.Models, TinyGraph.Write(), signer: key);
        TestModels.Publish(host.Models, TinyGraph.Write(), signer: key, setCurrent: false);
        Directory.Delete(Path.Combine(host.Models, "tiny/1"), recursive: true);
        Directory.CreateDirectory(Path.Combine(host.Models, "tiny/1"));   // keeps the number
        Package sent = TestModels.Publish(host.Models, what == "unproved" ? TinyGraph.Write(bias: 3) : TinyGraph.Write(bias: 2), signer: what == "unsigned" ? null : what == "stranger" ? stranger : key,
            expectedScore: what == "unproved" ? 99 : null, ballast: what == "large" ? 2_000_000 : 0);
        Directory.Delete(Path.Combine(host.Models, "tiny/1"));
        Assert.Equal(2, sent.Manifest.Version);
        string manifest = Path.Combine(sent.Folder, "manifest.json");
        switch (what)
        {
            case "damaged": host.Damage = (file, bytes) => file == "model.onnx" ? Flip(bytes) : bytes; break;
            case "longer": host.Damage = (file, bytes) => file == "model.onnx" ? [.. bytes, .. new byte[500_000]] : bytes; break;
            case "manifest": host.Damage = (file, bytes) => file == "manifest.json" ? Flip(bytes) : bytes; break;
            case "resigned": File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"threshold\": 100", "\"threshold\": 900", StringComparison.Ordinal)); break;
            case "another version": Sign(File.ReadAllText(manifest).Replace("\"version\": 2", "\"version\": 3", StringComparison.Ordinal)); break;
            case "outside": Sign(File.ReadAllText(manifest).Replace("golden/0001.png\":", "../../../0001.png\":", StringComparison.Ordinal)); break;
            case "absolute": Sign(File.ReadAllText(manifest).Replace("golden/0001.png\":", "/tmp/0001.png\":", StringComparison.Ordinal)); break;
            case "missing": File.Delete(Path.Combine(sent.Folder, "model.onnx")); break;
        }
        await agent.StartAsync();
        await RunsAsync(agent, 1);
        await UntilTroubleAsync(agent, "refused");
        await agent.UntilAsync(() => Events(agent, "delivery-refused").Count == 1, "it is journalled");
        Assert.Contains(why, Events(agent, "delivery-refused")[0].GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Contains("edge_delivery_versions_total{model=\"tiny\",outcome=\"refused\"} 1", await MetricsAsync(agent), StringComparison.Ordinal);
        Assert.Equal(1, agent.Station.Inspector.Model!.Version);
        Assert.Equal(1, new PackageStore(agent.Models).Current(TestModels.Name));
        Assert.Equal(what == "unproved" ? ["1", "2"] : ["1"], Directory.EnumerateDirectories(Path.Combine(agent.Models, "tiny")).Select(d => Path.GetFileName(d)).Order());
        if (what is "unsigned" or "stranger" or "resigned" or "manifest" or "outside") Assert.DoesNotContain(host.Requests, r => r.Contains("model.onnx", StringComparison.Ordinal));   // nothing else was asked for
        Assert.False(File.Exists(Path.Combine(agent.Models, "0001.png")) || File.Exists("/tmp/0001.png"));

        void Sign(string json)
        {
            File.WriteAllText(manifest, json);
            File.WriteAllBytes(Path.Combine(sent.Folder, "signature"), JsonSerializer.SerializeToUtf8Bytes(key.Sign(Encoding.UTF8.GetBytes(json)), JsonSerializerOptions.Web));
        }
    }

    [Theory]
    [InlineData("authority", "certificate", "is not signed by the authority in Edge:Delivery:CaFile")]
    [InlineData("ended", "certificate", "or one of its authorities' has ended")]
    [InlineData("token", "credentials", "does not know the token in Edge:Delivery:TokenFile (401")]
    [InlineData("no token", "file", "cannot be read")]
    [InlineData("nobody", "unreachable", "Connection refused")]
    [InlineData("nonsense", "unreachable", "no offer of a model")]
    public async Task Who_can_not_be_trusted_or_reached_is_said_and_the_line_goes_on(string what, string cause, string why)
    {
        await using PackageHost host = new(authority, what == "ended" ? TimeSpan.FromHours(-1) : null);
        if (what != "nobody") await host.StartAsync();
        Publish(host.Models, 1);
        await using TestAgent agent = Agent(host);
        using TestCertificates another = new("another authority");
        if (what == "authority") File.WriteAllText(host.Authority, another.Pem);
        if (what == "token") File.WriteAllText(agent["token"], "fedcba9876543210");
        if (what == "no token") File.Delete(agent["token"]);
        if (what == "nonsense") host.Offer = o => new { o.Model, newest = "seven" };
        await agent.StartWithModelAsync();
        await UntilTroubleAsync(agent, cause);
        Assert.Contains(agent.Log, l => l.Contains(why, StringComparison.Ordinal));
        Assert.Equal(1, agent.Station.Inspector.Model!.Version);
        Assert.DoesNotContain(agent.Log, l => l.Contains("fedcba9876543210", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]   // writes until nothing more goes
    [InlineData(1)]   // keeps a reserve
    public async Task A_full_disk_costs_nothing_but_time(int reserve)
    {
        using SmallDisk disk = new(2000);
        await using PackageHost host = await HostAsync();
        Publish(host.Models, 1, ballast: Ballast);
        await using TestAgent agent = Agent(host, o => (o.Activate, o.FreeMegabytes) = (DeliveryActivation.Current, reserve));
        agent.Options.Models = disk.Path;
        await agent.StartAsync();
        await UntilTroubleAsync(agent, "disk");
        Assert.Empty(new PackageStore(disk.Path).Versions(TestModels.Name));
        if (reserve > 0) Assert.True(new DriveInfo(disk.Path).AvailableFreeSpace > 1_000_000);
        disk.Resize(8000);
        await RunsAsync(agent, 1);
    }

    [Fact]
    public async Task The_newest_runs_as_a_shadow_and_old_ones_go()
    {
        await using PackageHost host = await HostAsync();
        Publish(host.Models, 0);
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = Agent(host, o => (o.Activate, o.Keep) = (DeliveryActivation.Shadow, 2), broker);
        TestModels.Publish(agent.Models, TinyGraph.Write());
        string own = Path.Combine(agent.Models, "tiny/1/manifest.json"), theirs = Path.Combine(host.Models, "tiny/1/manifest.json");
        Assert.Equal(File.ReadAllBytes(theirs), File.ReadAllBytes(own));   // the same package, brought by hand
        await agent.StartAsync();
        await RunsAsync(agent, 1);
        using IMqttClient trainer = await ConnectAsync(broker);
        for (int version = 2; version <= 5; version++)
        {
            Publish(host.Models, version, current: false);
            await AnnounceAsync(trainer, TestModels.Name, JsonSerializer.Serialize(host.OfferOf(TestModels.Name, version), JsonSerializerOptions.Web));
            await agent.UntilAsync(() => agent.Station.Shadow.Status is { State: Edge.Agent.Models.ModelState.Running, Aspired: { } watching } && watching == version, $"{version} is the shadow");
        }
        await agent.UntilAsync(() => new PackageStore(agent.Models).Versions(TestModels.Name).SequenceEqual([1, 4, 5]), "two of the fetched are kept, and what is not the trainer's");
        Assert.Equal(1, agent.Station.Inspector.Model!.Version);
    }

    [Theory]
    [InlineData("http://trainer:9466/", "must begin with https")]
    [InlineData("trainer:9466", "must be an address like https")]
    [InlineData("https://anna:secret@trainer/", "must be an address like https")]
    public void An_address_that_would_send_the_token_in_the_open_is_refused(string url, string why)
    {
        TestAgent agent = new();
        agent.Options.Delivery.Url = url;
        Assert.Contains(why, Assert.Throws<EdgeException>(() => AgentConfiguration.Validate(agent.Options)).Message, StringComparison.Ordinal);
    }

    private static byte[] Flip(byte[] bytes)
    {
        byte[] flipped = [.. bytes];
        flipped[^5] ^= 1;
        return flipped;
    }

    private static async Task<IMqttClient> ConnectAsync(TestBroker broker)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500).WithClientId("trainer").Build(), TestContext.Current.CancellationToken);
        return client;
    }

    private static Task<MqttClientPublishResult> AnnounceAsync(IMqttClient client, string model, string payload) => client.PublishAsync(
        new MqttApplicationMessageBuilder().WithTopic($"edge/line7/trainer/models/{model}").WithPayload(payload).WithRetainFlag().WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);
}
