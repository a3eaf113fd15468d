using System.Globalization;
using Edge.Agent.Archive;
using Edge.Agent.Configuration;
using Edge.Agent.Journal;
using Edge.Imaging;
using Edge.Journal;

namespace Edge.Agent.Web;

/// <summary>Pictures of the archive, asked for by the number of the journal's entry: a request never names a file.</summary>
internal sealed class ArchivePictures(JournalWriter? journal, ArchiveOptions options)
{
    /// <summary>Longer side of a small picture, pixels.</summary>
    private const int SmallSide = 320;

    private static readonly SemaphoreSlim Decoding = new(1);   // the line needs the other cores

    public async Task WriteAsync(HttpContext http)
    {
        long seq = long.Parse((string)http.Request.RouteValues["seq"]!, CultureInfo.InvariantCulture);
        string? record = await History.ReadAsync(journal, file => file.Entry(seq, JournalKind.Image)?.Record, http.RequestAborted).ConfigureAwait(false);
        byte[]? picture = record is null ? null : await Task.Run(() => ArchivedPicture.Read(options.Path, record, out _), http.RequestAborted).ConfigureAwait(false);
        bool small = http.Request.Query["small"] == "1";
        if (picture is not null && small) picture = await ShrinkAsync(picture, http.RequestAborted).ConfigureAwait(false);
        if (picture is null)
        {
            await OperatorPage.WriteErrorAsync(http, StatusCodes.Status404NotFound, "The archive does not have this picture, or not any more as it was written.").ConfigureAwait(false);
            return;
        }
        http.Response.ContentType = small ? "image/jpeg" : "image/png";
        http.Response.Headers.CacheControl = "private, max-age=3600";
        await http.Response.Body.WriteAsync(picture, http.RequestAborted).ConfigureAwait(false);
    }

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
