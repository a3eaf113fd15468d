using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Edge.Packages;
using Edge.Tests.Reports;
using Edge.Training.Service;
using Edge.Training.Service.Configuration;
using Xunit;

namespace Edge.Tests.Service;

/// <summary>Packages over real HTTPS: who gets them, what of them, and nothing that is not one.</summary>
public sealed class DeliveryServerTests : IDisposable
{
    private const string Token = "0123456789abcdef";

    private readonly TempFolder folder = new();
    private readonly TestCertificates authority = new();

    public void Dispose()
    {
        authority.Dispose();
        folder.Dispose();
    }

    private async Task<ServeHost> StartAsync(Action<DeliveryOptions>? configure = null)
    {
        Directory.CreateDirectory(folder["data"]);
        authority.Write(folder.Path, "server", "localhost");
        File.WriteAllText(folder["tokens"], $"agent1 {Token}\n");
        ServeOptions options = new()
        {
            Models = folder["models"], State = folder["state"], Http = { Port = 0 }, Mqtt = { Enabled = false }, Products = { ["part"] = new ProductOptions { Data = folder["data"] } },
            Delivery = { Enabled = true, Address = "127.0.0.1", Port = 0, CertificateFile = folder["server.pem"], KeyFile = folder["server-key.pem"], TokenFile = folder["tokens"] },
        };
        configure?.Invoke(options.Delivery);
        ServeHost host = ServeHost.Build(options);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private HttpClient Client(ServeHost host, string? token = Token, X509Certificate2? own = null)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(authority.Pem);
        HttpClient http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, ClientCertificates = own is null ? null : [own], LocalCertificateSelectionCallback = own is null ? null : (_, _, _, _, _) => own },
        })
        { BaseAddress = new UriBuilder(host.DeliveryAddress!) { Host = "localhost" }.Uri };
        if (token is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    private static async Task<(HttpStatusCode Code, byte[] Body, HttpResponseMessage Response)> GetAsync(HttpClient http, string path, Action<HttpRequestMessage>? change = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
        change?.Invoke(request);
        HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), response);
    }

    private static async Task<ModelOffer> OfferedAsync(HttpClient http, Func<ModelOffer, bool> until)
    {
        while (true)
        {
            (HttpStatusCode code, byte[] body, _) = await GetAsync(http, "models/part");
            if (code == HttpStatusCode.OK && JsonSerializer.Deserialize(body, OfferJson.Default.ModelOffer) is { } offer && until(offer)) return offer;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Every_file_of_a_version_comes_whole_or_in_parts_and_a_new_version_is_offered_by_itself()
    {
        Package package = Brightness.Publish(folder["models"], 100);
        await using ServeHost host = await StartAsync();
        using HttpClient http = Client(host);
        ModelOffer offer = await OfferedAsync(http, _ => true);
        string Path(string file) => System.IO.Path.Combine(package.Folder, file);
        Assert.Equal(("part", 1, 1), (offer.Model, offer.Newest.Version, offer.Current?.Version));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path("manifest.json")))), offer.Newest.Manifest);
        Assert.Equal(new DirectoryInfo(package.Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length), offer.Newest.Bytes);
        foreach (string file in (string[])["manifest.json", .. package.Manifest.Files.Keys])
        {
            (HttpStatusCode code, byte[] body, HttpResponseMessage response) = await GetAsync(http, $"models/part/1/{file}");
            Assert.Equal((HttpStatusCode.OK, $"\"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path(file))))}\""), (code, response.Headers.ETag!.Tag));
            Assert.Equal(File.ReadAllBytes(Path(file)), body);
        }

        byte[] model = File.ReadAllBytes(Path("model.onnx"));
        string tag = $"\"{package.Manifest.Files["model.onnx"]}\"";
        (HttpStatusCode partial, byte[] rest, HttpResponseMessage part) = await GetAsync(http, "models/part/1/model.onnx", r => (r.Headers.Range, r.Headers.IfRange) = (new RangeHeaderValue(100, null), new RangeConditionHeaderValue(tag)));
        Assert.Equal((HttpStatusCode.PartialContent, 100L), (partial, part.Content.Headers.ContentRange!.From!.Value));
        Assert.Equal(model[100..], rest);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await GetAsync(http, "models/part/1/model.onnx", r => r.Headers.Range = new RangeHeaderValue(model.Length, null))).Code);
        (HttpStatusCode another, byte[] all, _) = await GetAsync(http, "models/part/1/model.onnx", r => (r.Headers.Range, r.Headers.IfRange) = (new RangeHeaderValue(100, null), new RangeConditionHeaderValue("\"another\"")));
        Assert.Equal((HttpStatusCode.OK, model.Length), (another, all.Length));
        Assert.Equal(HttpStatusCode.NotModified, (await GetAsync(http, "models/part/1/model.onnx", r => r.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(tag)))).Code);

        Brightness.Publish(folder["models"], 200);
        Assert.Equal((2, 2), (await OfferedAsync(http, o => o.Newest.Version == 2 && o.Current?.Version == 2)) is var now ? (now.Newest.Version, now.Current!.Version) : default);
        new PackageStore(folder["models"]).SetCurrent("part", 1);
        await OfferedAsync(http, o => o is { Newest.Version: 2, Current.Version: 1 });

        using HttpClient metrics = new();
        string scraped = await metrics.GetStringAsync(new Uri(host.Address, "metrics"), TestContext.Current.CancellationToken);
        foreach (string sample in (string[])["edge_trainer_delivery_requests_total{status=\"206\"} 1", "edge_trainer_delivery_requests_total{status=\"416\"} 1", "edge_trainer_delivery_requests_total{status=\"304\"} 1"])
            Assert.Contains(sample, scraped, StringComparison.Ordinal);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_damaged_version_is_not_offered_and_the_one_before_is()
    {
        Brightness.Publish(folder["models"], 100);
        Package damaged = Brightness.Publish(folder["models"], 200);
        File.AppendAllText(damaged.ModelPath, "x");
        await using ServeHost host = await StartAsync();
        using HttpClient http = Client(host);
        ModelOffer offer = await OfferedAsync(http, _ => true);
        Assert.Equal((1, null), (offer.Newest.Version, offer.Current));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(http, "models/part/2/model.onnx")).Code);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("models/part/1/../../../server-key.pem")]
    [InlineData("models/part/1/%2e%2e/%2e%2e/%2e%2e/server-key.pem")]
    [InlineData("models/part/1/..%2f..%2f..%2fserver-key.pem")]
    [InlineData("models/part/1/golden")]
    [InlineData("models/part/1/golden/")]
    [InlineData("models/part/1//model.onnx")]
    [InlineData("models/part/1/")]
    [InlineData("models/part/1/secret")]
    [InlineData("models/part/01/model.onnx")]
    [InlineData("models/part/-1/model.onnx")]
    [InlineData("models/part/99999999999/model.onnx")]
    [InlineData("models/part/history.jsonl")]
    [InlineData("models/part/current")]
    [InlineData("models/..%2fdata/1/x")]
    [InlineData("models/%00/1/model.onnx")]
    [InlineData("models/none")]
    [InlineData("models/none/1/model.onnx")]
    [InlineData("metrics")]
    [InlineData("healthz")]
    [InlineData("")]
    public async Task What_is_no_file_of_a_version_is_not_there(string path)
    {
        Package package = Brightness.Publish(folder["models"], 100);
        await using ServeHost host = await StartAsync();
        using HttpClient http = Client(host);
        await OfferedAsync(http, _ => true);
        File.WriteAllText(Path.Combine(package.Folder, "secret"), "came later");
        (HttpStatusCode code, byte[] body, _) = await GetAsync(http, path);
        Assert.True(code is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{code}");
        Assert.Empty(body);
        using HttpResponseMessage written = await http.PutAsync(new Uri("models/part/1/model.onnx", UriKind.Relative), new ByteArrayContent([]), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, written.StatusCode);
        using HttpClient plain = new();
        using HttpResponseMessage beside = await plain.GetAsync(new Uri(host.Address, "models/part/1/model.onnx"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, beside.StatusCode);   // nor on the port that asks nobody
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Only_known_tokens_are_listened_to_and_guesses_are_slowed_down()
    {
        Brightness.Publish(folder["models"], 100);
        await using ServeHost host = await StartAsync();
        using HttpClient nobody = Client(host, token: null), wrong = Client(host, "fedcba9876543210"), right = Client(host);
        await OfferedAsync(right, _ => true);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(nobody, "models/part")).Code);
        for (int i = 0; i < 9; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(wrong, $"models/part/{i}/model.onnx")).Code);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await GetAsync(wrong, "models/part")).Code);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Client_certificates_are_asked_for_and_a_renewed_server_certificate_is_used()
    {
        Brightness.Publish(folder["models"], 100);
        File.WriteAllText(folder["clients.pem"], authority.Pem);
        using TestCertificates others = new("another authority");
        await using ServeHost host = await StartAsync(o => (o.TokenFile, o.ClientCaFile) = (null, folder["clients.pem"]));
        using HttpClient agent = Client(host, null, authority.Issue("agent1")), stranger = Client(host, null, others.Issue("agent1")), nobody = Client(host, null);
        await OfferedAsync(agent, _ => true);
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(stranger, "models/part"));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(nobody, "models/part"));

        string first = await SerialAsync();
        File.WriteAllText(folder["server-key.pem"], "half a file");
        Assert.Equal(first, await SerialAsync());   // a renewal that went wrong
        authority.Write(folder.Path, "server", "localhost");
        Assert.NotEqual(first, await SerialAsync());
        await host.StopAsync(TestContext.Current.CancellationToken);

        async Task<string> SerialAsync()
        {
            string? serial = null;
            using X509Certificate2 own = authority.Issue("agent1");
            using HttpClient http = new(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { LocalCertificateSelectionCallback = (_, _, _, _, _) => own, RemoteCertificateValidationCallback = (_, shown, _, _) => (serial = shown!.GetSerialNumberString()) is not null } }) { BaseAddress = host.DeliveryAddress };
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, "models/part")).Code);
            return serial!;
        }
    }

    [Theory]
    [InlineData("nobody asked", "Delivery:TokenFile")]
    [InlineData("in the open", "Delivery:CertificateFile")]
    [InlineData("no key", "must be set together")]
    [InlineData("wrong key", "does not fit its key")]
    [InlineData("no tokens", "cannot be read")]
    public async Task What_would_be_unsafe_or_can_not_work_is_said_at_the_start(string what, string why)
    {
        authority.Write(folder.Path, "another", "localhost");
        EdgeException e = await Assert.ThrowsAsync<EdgeException>(() => StartAsync(o =>
        {
            switch (what)
            {
                case "nobody asked": o.TokenFile = null; break;
                case "in the open": (o.CertificateFile, o.KeyFile, o.Address) = (null, null, "0.0.0.0"); break;
                case "no key": o.KeyFile = null; break;
                case "wrong key": o.KeyFile = folder["another-key.pem"]; break;
                case "no tokens": o.TokenFile = folder["none"]; break;
            }
        }));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }
}
