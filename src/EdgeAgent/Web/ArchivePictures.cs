using System.Globalization;
using Edge.Agent.Archive;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Imaging;
using Edge.Journal;

namespace Edge.Agent.Web;

/// <summary>Pictures of the archive, asked for by the number of the journal's entry: a request never names a file.</summary>
internal sealed class ArchivePictures(JournalWriter? journal, ArchiveOptions options, IReadOnlyList<Station> stations, PartHeatmaps heatmaps)
{
    private const string Gone = "The archive does not have this picture, or not any more as it was written.";

    /// <summary>Longer side of a small picture, pixels.</summary>
    private const int SmallSide = 320;

    private static readonly SemaphoreSlim Decoding = new(1);   // the line needs the other cores

    public async Task WriteAsync(HttpContext http)
    {
        long seq = Number(http);
        string? record = await History.ReadAsync(journal, file => file.Entry(seq, JournalKind.Image)?.Record, http.RequestAborted).ConfigureAwait(false);
        byte[]? picture = record is null ? null : await Task.Run(() => ArchivedPicture.Read(options.Path, record, out _), http.RequestAborted).ConfigureAwait(false);
        bool small = http.Request.Query["small"] == "1";
        if (picture is not null && small) picture = await ShrinkAsync(picture, http.RequestAborted).ConfigureAwait(false);
        if (picture is null)
        {
            await OperatorPage.WriteErrorAsync(http, StatusCodes.Status404NotFound, Gone).ConfigureAwait(false);
            return;
        }
        http.Response.ContentType = small ? "image/jpeg" : "image/png";
        http.Response.Headers.CacheControl = "private, max-age=3600";
        await http.Response.Body.WriteAsync(picture, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Where the version that decided saw an anomaly.</summary>
    public async Task WriteHeatmapAsync(HttpContext http)
    {
        long seq = Number(http);
        (JournalEntry Image, JournalEntry Part) found = await History.ReadAsync(journal, file => file.Pictured(null, seq + 1, 1).FirstOrDefault(), http.RequestAborted).ConfigureAwait(false);
        try
        {
            if (found.Image?.Seq != seq || await Task.Run(() => ArchivedPicture.Read(options.Path, found.Image.Record, out _), http.RequestAborted).ConfigureAwait(false) is not { } png) throw new EdgeException(Gone);
            PictureOfPart part = PictureOfPart.Of(png, found.Part.Station, found.Part.Record) ?? throw new EdgeException("No model scored this part.");
            byte[] jpeg = await heatmaps.DrawAsync(part, RecipeOf(part), http.RequestAborted).ConfigureAwait(false);
            http.Response.ContentType = "image/jpeg";
            http.Response.Headers.CacheControl = "private, max-age=3600";
            await http.Response.Body.WriteAsync(jpeg, http.RequestAborted).ConfigureAwait(false);
        }
        catch (EdgeException e)
        {
            await OperatorPage.WriteErrorAsync(http, StatusCodes.Status404NotFound, e.Message).ConfigureAwait(false);
        }
    }

    /// <summary>What was set beside the package when the part was decided, as far as it is still configured.</summary>
    private Recipe RecipeOf(PictureOfPart part)
    {
        Station station = stations.FirstOrDefault(s => s.Name == part.Station) ?? throw new EdgeException($"The station {part.Station} is not configured any more.");
        Recipe recipe = part.Recipe is null || station.Options.Recipes.Count == 0 ? Recipe.Of(null, station.Options) : station.Recipes.Find(part.Recipe);
        return recipe with { Model = part.Model };
    }

    private static long Number(HttpContext http) => long.Parse((string)http.Request.RouteValues["seq"]!, CultureInfo.InvariantCulture);

    /// <returns>Null when it is no picture that can be read.</returns>
    private static async Task<byte[]?> ShrinkAsync(byte[] png, CancellationToken cancel)
    {
        await Decoding.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => ImageFile.Shrink(png, "the archive's picture", SmallSide), cancel).ConfigureAwait(false);
        }
        catch (EdgeException)
        {
            return null;
        }
        finally
        {
            Decoding.Release();
        }
    }
}
