using System.Net;
using System.Net.Sockets;
using System.Text;
using Edge.Tests.Data;
using Edge.Training.Backbones;
using Edge.Training.Backbones.Store;
using Xunit;

namespace Edge.Tests.Backbones;

/// <summary>The store, and fetching into it from a real HTTP server on the loopback address.</summary>
public sealed class BackboneStoreTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly byte[] weights;
    private readonly BackboneStore store;
    private readonly KnownBackbone known;

    public BackboneStoreTests()
    {
        SafetensorsWriter.Write(folder["part.safetensors"], new Dictionary<string, string>(), [.. TrunkWeights.ResNet(seed: 2, width: 16, [2, 2, 2], expansion: 0).Select(t => (t.Key, t.Value.Shape, t.Value.Values))]);
        weights = File.ReadAllBytes(folder["part.safetensors"]);
        store = new BackboneStore(folder["store"]);
        known = new KnownBackbone("test18", "ResNet-18", new Uri("http://localhost/test18.safetensors"), "none", null, BackboneIntake.HashOf(folder["part.safetensors"])[..8]);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_carried_by_hand_is_added_found_verified_and_never_half_there()
    {
        StoredBackbone added = Add(folder["part.safetensors"], "ours", "our own");
        Assert.Equal(("ours", "ResNet-18", "our own", weights.Length), (added.Name, added.Architecture, added.Licence, added.Bytes));
        Assert.Equal(added, Assert.Single(store.All()));
        Assert.Equal((store.PathOf(added), "ours"), store.Resolve("ours"));
        Assert.Equal(added, Add(folder["part.safetensors"], "ours", null));   // the same content: nothing to do
        Assert.Equal(weights, File.ReadAllBytes(store.PathOf(added)));

        File.WriteAllBytes(folder["other.safetensors"], File.ReadAllBytes(TestPaths.Repository + "/src/Trainer/Backbones/edge18.safetensors"));
        Assert.Contains("already, with another content", Refusal(() => Add(folder["other.safetensors"], "ours", null)), StringComparison.Ordinal);
        Assert.Contains("is no name", Refusal(() => Add(folder["other.safetensors"], "../up", null)), StringComparison.Ordinal);
        File.WriteAllBytes(folder["cut.safetensors"], weights[..5000]);
        Assert.Contains("truncated", Refusal(() => Add(folder["cut.safetensors"], null, null)), StringComparison.Ordinal);
        Assert.Contains("is not resnet18: its SHA-256 is", Refusal(() => Add(folder["part.safetensors"], "resnet18", null)), StringComparison.Ordinal);
        File.Copy(folder["part.safetensors"], folder["resnet18-f37072fd.pth"]);
        Assert.Contains("is not resnet18", Refusal(() => Add(folder["resnet18-f37072fd.pth"], null, null)), StringComparison.Ordinal);
        Assert.Equal(["ours"], Directory.EnumerateFileSystemEntries(store.Folder).Select(Path.GetFileName));
    }

    [Fact]
    public void A_name_that_is_not_there_says_what_to_fetch_or_carry()
    {
        string message = Refusal(() => store.Resolve("wide_resnet50_2"));
        Assert.Contains("backbones add wide_resnet50_2", message, StringComparison.Ordinal);
        Assert.Contains("https://download.pytorch.org/models/wide_resnet50_2-95faca4d.pth elsewhere, carry wide_resnet50_2-95faca4d.pth here", message, StringComparison.Ordinal);
        Assert.Contains("known: mobilenet_v2, resnet101", Refusal(() => store.Resolve("vgg")), StringComparison.Ordinal);
        Add(folder["part.safetensors"], "ours", null);
        File.WriteAllText(folder["store/ours/backbone.json"], "{");
        Assert.Contains("add the file again", Refusal(() => store.Resolve("ours")), StringComparison.Ordinal);
    }

    [Fact]
    public void Catalogue_hashes_begin_as_their_file_names_say()
    {
        foreach (KnownBackbone k in BackboneCatalogue.All)
        {
            Assert.Contains($"-{k.Sha256[..8]}.", k.File, StringComparison.Ordinal);
            Assert.True(k.Sha256.Length is 8 or 64 && k.Sha256.All(char.IsAsciiHexDigitLower), k.Name);
        }
    }

    [Fact]
    public async Task A_known_one_is_fetched_and_a_broken_connection_goes_on_where_it_broke()
    {
        List<string?> ranges = [];
        using Server server = new((request, attempt) =>
        {
            ranges.Add(request);
            int from = request is null ? 0 : int.Parse(request["bytes=".Length..^1]);
            return attempt switch
            {
                0 => Reply(200, weights, send: weights.Length / 3),           // cut in the middle
                1 => Reply(503, []),
                _ => Reply(206, weights[from..], $"Content-Range: bytes {from}-{weights.Length - 1}/{weights.Length}\r\n"),
            };
        });
        StoredBackbone added = await Fetch(server.Address);
        Assert.Equal(weights, File.ReadAllBytes(store.PathOf(added)));
        Assert.Equal(("test18", "none", known.Url.ToString()), (added.Name, added.Licence, added.Source));
        Assert.Equal([null, $"bytes={weights.Length / 3}-", $"bytes={weights.Length / 3}-"], ranges);
        Assert.Equal(["test18"], Directory.EnumerateFileSystemEntries(store.Folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_server_that_cannot_resume_starts_again()
    {
        using Server server = new((_, attempt) => attempt == 0 ? Reply(200, weights, send: 100) : Reply(200, weights));
        Assert.Equal(weights, File.ReadAllBytes(store.PathOf(await Fetch(server.Address))));
    }

    [Fact]
    public async Task What_cannot_be_fetched_leaves_no_entry()
    {
        int asked = 0;
        using (Server missing = new((_, _) =>
        {
            asked++;
            return Reply(404, []);
        }))
            Assert.Contains("404", await RefusalAsync(() => Fetch(missing.Address)), StringComparison.Ordinal);
        Assert.Equal(1, asked);   // not tried again

        byte[] other = [.. weights];
        other[^1] ^= 1;
        using (Server wrong = new((_, _) => Reply(200, other)))
            Assert.Contains($"the publisher's starts with {known.Sha256}", await RefusalAsync(() => Fetch(wrong.Address)), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(store.Folder));

        string gone = await RefusalAsync(() => Fetch(new Uri($"http://127.0.0.1:{Ports.Free()}/w")));
        Assert.Contains("carry test18.safetensors here", gone, StringComparison.Ordinal);

        // Without a network (RFC 2606: .invalid never resolves) it says so at once: a second attempt, an hour later, would not end.
        using (HttpClient client = BackboneDownload.CreateClient())
            Assert.Contains("Without: fetch", await RefusalAsync(() => new BackboneDownload(client, Pictures.Quiet(), TimeProvider.System, new Uri("http://publisher.invalid/w"), TimeSpan.FromHours(1)).RunAsync(known, folder["part"], TestContext.Current.CancellationToken)), StringComparison.Ordinal);

        using (Server always = new((_, _) => Reply(200, weights, send: 1000)))
            Assert.Contains("cannot be fetched", await RefusalAsync(() => Fetch(always.Address)), StringComparison.Ordinal);
        Assert.Empty(store.All());
        Assert.Equal([".test18.safetensors.part"], Directory.EnumerateFileSystemEntries(store.Folder).Select(Path.GetFileName));   // the next attempt goes on from it
    }

    [Fact]
    public async Task A_full_disk_is_said_and_nothing_stays()
    {
        using SmallDisk disk = new(kibibytes: 64);
        using Server server = new((_, _) => Reply(200, weights));
        BackboneStore small = new(disk["store"]);
        using HttpClient client = BackboneDownload.CreateClient();
        BackboneIntake intake = new(small, Pictures.Quiet(), TimeProvider.System);
        Assert.Contains("No space left", await RefusalAsync(() => intake.FetchAsync(known, new BackboneDownload(client, Pictures.Quiet(), TimeProvider.System, server.Address), TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        Assert.Contains("No space left", Refusal(() => intake.Add(folder["part.safetensors"], "ours", null, TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(small.Folder));
    }

    private StoredBackbone Add(string path, string? name, string? licence) =>
        new BackboneIntake(store, Pictures.Quiet(), TimeProvider.System).Add(path, name, licence, TestContext.Current.CancellationToken);

    private async Task<StoredBackbone> Fetch(Uri address)
    {
        using HttpClient client = BackboneDownload.CreateClient();
        BackboneDownload download = new(client, Pictures.Quiet(), TimeProvider.System, address, delay: TimeSpan.FromMilliseconds(1));
        return await new BackboneIntake(store, Pictures.Quiet(), TimeProvider.System).FetchAsync(known, download, TestContext.Current.CancellationToken);
    }

    private static string Refusal(Action action) => Assert.Throws<EdgeException>(action).Message;

    private static async Task<string> RefusalAsync(Func<Task> action) => (await Assert.ThrowsAsync<EdgeException>(action)).Message;

    private static byte[] Reply(int status, byte[] body, string headers = "", int? send = null) =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status} x\r\nContent-Length: {body.Length}\r\nConnection: close\r\n{headers}\r\n"), .. body.AsSpan(0, send ?? body.Length)];

    /// <summary>HTTP by hand, so that a connection can break in the middle of a file.</summary>
    private sealed class Server : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly Task serving;

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/w");

        /// <param name="reply">From the Range header and the number of the connection to the bytes that are sent before it is closed.</param>
        public Server(Func<string?, int, byte[]> reply)
        {
            listener.Start();
            serving = ServeAsync(reply);
        }

        private async Task ServeAsync(Func<string?, int, byte[]> reply)
        {
            for (int connection = 0; ; connection++)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                await using NetworkStream stream = client.GetStream();
                using StreamReader reader = new(stream, leaveOpen: true);
                string? range = null;
                while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 } line)
                    if (line.StartsWith("Range: ", StringComparison.OrdinalIgnoreCase)) range = line["Range: ".Length..];
                await stream.WriteAsync(reply(range, connection), stop.Token);
            }
        }

        public void Dispose()
        {
            stop.Cancel();
            listener.Stop();
            Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving).GetAwaiter().GetResult();
            stop.Dispose();
            listener.Dispose();
        }
    }
}
