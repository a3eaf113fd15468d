using System.Security.Cryptography;
using System.Text;

namespace Edge.Hosting;

/// <summary>The token file: a line for each person, name and token.</summary>
internal sealed class Tokens(string file)
{
    private const int Shortest = 16, Longest = 200, LongestName = 64;

    /// <returns>Whose token it is; null = nobody's.</returns>
    /// <exception cref="EdgeException">The file can't be read, or is not what it should be.</exception>
    public string? NameOf(string token)
    {
        byte[] hash = Hash(token);
        string? name = null;
        // Every line is compared, each in the same time whatever it is.
        foreach ((string who, byte[] known) in Read()) if (CryptographicOperations.FixedTimeEquals(hash, known)) name = who;
        return name;
    }

    /// <exception cref="EdgeException">As above.</exception>
    public void Check() => _ = Read();

    private List<(string Name, byte[] Hash)> Read()
    {
        List<(string, byte[])> all = [];
        int number = 0;
        foreach (string line in CredentialFile.Read(file, "token").Split('\n'))
        {
            number++;
            if (line.Trim() is "" or ['#', ..]) continue;
            string[] words = line.Trim().Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2 || words[0].Length > LongestName || words[1].Length is < Shortest or > Longest)
                throw new EdgeException($"Line {number} of the token file must be a name of at most {LongestName} characters and a token of {Shortest} to {Longest}, with a blank between them (openssl rand -hex 16 makes one).");
            all.Add((words[0], Hash(words[1])));
        }
        return all.Count > 0 ? all : throw new EdgeException("The token file names nobody.");
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
