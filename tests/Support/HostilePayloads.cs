using System.Text;

namespace Edge.Tests;

/// <summary>What a broken or hostile client sends: valid messages damaged in many ways, random bytes, deep and long JSON. The same seed makes the same ones.</summary>
internal sealed class HostilePayloads(int seed)
{
    private static readonly string[] Valid =
    [
        """{"jobId":"j-1","partId":"4711","recipe":"a","deadlineMs":250}""",
        """{"jobId":"j-2"}""",
        """{"partId":null,"jobId":"~!","deadlineMs":600000}""",
        """{"command":"change-recipe","recipe":"b"}""",
        """{"command":"pause"}""",
        """{"command":"self-test","recipe":null}""",
    ];

    private static readonly string[] Pieces =
    [
        "\"jobId\":\"x\",", "\"jobId\":1,", "null", "true", "1e999", "-0", "18446744073709551616", "\\ud800", "\\u0000", "\\uDC00\\uD800", "[[[[[[[[", "{\"a\":{\"a\":{\"a\":{", "}", "\"", ",", "//", "/*", "\uFEFF",
        "\"deadlineMs\":0,", "\"deadlineMs\":1.5,", "\"recipe\":{},", "\"command\":\"resume\",", "\"Command\":\"pause\",", "\"$type\":\"System.Object\",", "NaN", " \t\r\n",
    ];

    private static readonly byte[][] BadUtf8 = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80], [0xC3, 0x28]];

    private readonly Random random = new(seed);

    public byte[] Next()
    {
        int kind = random.Next(100);
        if (kind < 10) return Bytes(random.Next(200));
        if (kind < 13) return Encoding.UTF8.GetBytes(new string(random.Next(2) == 0 ? '[' : '{', random.Next(5000)));
        if (kind < 15) return Encoding.UTF8.GetBytes($$"""{"jobId":"{{new string('a', random.Next(60, 70))}}","partId":"{{new string('ä', random.Next(120, 140))}}"}""");
        if (kind < 16) return Encoding.UTF8.GetBytes($$"""{"jobId":"j"{{new string(' ', random.Next(4000, 9000))}}}""");
        List<byte> message = [.. Encoding.UTF8.GetBytes(Valid[random.Next(Valid.Length)])];
        for (int times = random.Next(5); times > 0; times--) Damage(message);
        return [.. message];
    }

    private void Damage(List<byte> message)
    {
        int at = random.Next(message.Count + 1), length = Math.Min(random.Next(1, 12), message.Count - at);
        switch (random.Next(8))
        {
            case 0: if (at < message.Count) message[at] ^= (byte)(1 << random.Next(8)); break;
            case 1: if (at < message.Count) message[at] = (byte)random.Next(256); break;
            case 2: message.RemoveRange(at, length); break;
            case 3: message.InsertRange(at, message.GetRange(at, length)); break;
            case 4: message.RemoveRange(at, message.Count - at); break;
            case 5: message.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)])); break;
            case 6: message.InsertRange(at, BadUtf8[random.Next(BadUtf8.Length)]); break;
            default: message.InsertRange(at, Encoding.UTF8.GetBytes(Valid[random.Next(Valid.Length)])); break;
        }
    }

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
