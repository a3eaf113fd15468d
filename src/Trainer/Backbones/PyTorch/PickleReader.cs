using System.Buffers.Binary;
using System.Text;

namespace Edge.Training.Backbones.PyTorch;

/// <summary>
/// Reads the pickles of a PyTorch state_dict and nothing else. A pickle is a program that can call anything in Python; here nothing is called: a few opcodes
/// build numbers, text, tuples, lists and dictionaries, a few names are known, and everything else is refused. Memory is bounded by the pickle's size.
/// </summary>
internal sealed class PickleReader(byte[] bytes, int start, Func<string, EdgeException> refused)
{
    private const int MostMemo = 1 << 20, DeepestStack = 1 << 20;

    private static readonly object Mark = new();

    private readonly List<object?> stack = [];
    private readonly Dictionary<long, object?> memo = [];
    private readonly Dictionary<string, PickleStorage> storages = [];

    /// <summary>Every storage that was named.</summary>
    public IReadOnlyDictionary<string, PickleStorage> Storages => storages;

    /// <summary>After <see cref="Read"/>: the byte behind the pickle.</summary>
    public int Position { get; private set; } = start;

    /// <summary>Runs to the end of the pickle.</summary>
    /// <exception cref="EdgeException">Truncated, malformed, or more than a state_dict needs.</exception>
    public object? Read()
    {
        while (true)
        {
            byte opcode = Take(1)[0];
            switch ((char)opcode)
            {
                case '\x80': Take(1); break;                                       // PROTO
                case '\x95': Take(8); break;                                       // FRAME
                case '.': return Pop();
                case '(': Push(Mark); break;
                case 'N': Push(null); break;
                case '\x88': Push(true); break;
                case '\x89': Push(false); break;
                case 'K': Push((long)Take(1)[0]); break;
                case 'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
                case 'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
                case '\x8a': Push(Long(Take(Take(1)[0]))); break;
                case 'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
                case 'X': Push(Encoding.UTF8.GetString(Take(Length(4)))); break;
                case '\x8c' or 'U': Push(Encoding.UTF8.GetString(Take(Take(1)[0]))); break;
                case 'T': Push(Encoding.UTF8.GetString(Take(Length(4)))); break;
                case '}': Push(new Dictionary<string, object?>()); break;
                case ']': Push(new List<object?>()); break;
                case ')': Push(Array.Empty<object?>()); break;
                case '\x85': Push(PopMany(1)); break;
                case '\x86': Push(PopMany(2)); break;
                case '\x87': Push(PopMany(3)); break;
                case 't': Push(PopToMark()); break;
                case 'q': Remember(Take(1)[0]); break;
                case 'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break;
                case '\x94': Remember(memo.Count); break;
                case 'h': Push(Recall(Take(1)[0])); break;
                case 'j': Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
                case 's': SetItems(Reversed(Pop(), Pop())); break;
                case 'u': SetItems(PopToMark()); break;
                case 'a': Append([Pop()]); break;
                case 'e': Append(PopToMark()); break;
                case 'c': Push(PickleName.Of(Line(), Line(), refused)); break;
                case '\x93': Push(StackName(Pop(), Pop())); break;
                case 'Q': Push(Stored(PickleStorage.Of(Pop(), refused))); break;
                case 'R': Push(PickleName.Call(Pop(), Pop(), refused)); break;
                case 'b': Build(Pop()); break;
                default: throw refused($"its pickle has the opcode 0x{opcode:x2} at byte {Position - 1}, which a state_dict does not need");
            }
        }
    }

    // Attributes of the object below; an OrderedDict's (_metadata: versions of modules) are not needed.
    private void Build(object? state)
    {
        if (state is not Dictionary<string, object?> || stack is not [.., Dictionary<string, object?>]) throw refused("its pickle sets attributes of something that is no dictionary");
    }

    private PickleStorage Stored(PickleStorage storage) => storages.TryAdd(storage.Key, storage) || storages[storage.Key] == storage
        ? storage : throw refused($"its pickle says two things about storage {storage.Key}");

    private PickleName StackName(object? name, object? module) =>
        name is string n && module is string m ? PickleName.Of(m, n, refused) : throw refused("its pickle is malformed: a name is no text");

    private static object?[] Reversed(object? second, object? first) => [first, second];

    private void SetItems(object?[] items)
    {
        if (items.Length % 2 != 0 || stack is not [.., Dictionary<string, object?> target]) throw refused("its pickle is malformed: items without a dictionary");
        for (int i = 0; i < items.Length; i += 2)
            if (items[i] is string or long or bool or double) target[$"{items[i]}"] = items[i + 1];   // an optimiser's state is keyed by numbers
            else throw refused("its pickle has a dictionary whose keys are neither text nor numbers");
    }

    private void Append(object?[] items)
    {
        if (stack is not [.., List<object?> target]) throw refused("its pickle is malformed: items without a list");
        target.AddRange(items);
    }

    private long Long(ReadOnlySpan<byte> little)
    {
        if (little.Length > sizeof(long)) throw refused($"its pickle has an integer of {little.Length} bytes");
        long value = little.Length > 0 && (little[^1] & 0x80) != 0 ? -1 : 0;
        for (int i = little.Length - 1; i >= 0; i--) value = value << 8 | little[i];
        return value;
    }

    private int Length(int width) => BinaryPrimitives.ReadUInt32LittleEndian(Take(width)) is var length && length <= bytes.Length ? (int)length : throw Truncated();

    private string Line()
    {
        int end = bytes.AsSpan(Position).IndexOf((byte)'\n');
        if (end is < 0 or > 256) throw refused("its pickle is malformed: a name does not end");
        string text = Encoding.UTF8.GetString(Take(end));
        Take(1);
        return text;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - Position) throw Truncated();
        ReadOnlySpan<byte> taken = bytes.AsSpan(Position, count);
        Position += count;
        return taken;
    }

    private void Push(object? value)
    {
        if (stack.Count >= DeepestStack) throw refused("its pickle is nested too deeply");
        stack.Add(value);
    }

    private object? Pop()
    {
        if (stack.Count == 0 || stack[^1] == Mark) throw refused("its pickle is malformed: it takes from an empty stack");
        object? value = stack[^1];
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        object?[] values = new object?[count];
        for (int i = count - 1; i >= 0; i--) values[i] = Pop();
        return values;
    }

    private object?[] PopToMark()
    {
        int mark = stack.LastIndexOf(Mark);
        if (mark < 0) throw refused("its pickle is malformed: a mark is missing");
        object?[] values = [.. stack[(mark + 1)..]];
        stack.RemoveRange(mark, stack.Count - mark);
        return values;
    }

    private void Remember(long key)
    {
        if (memo.Count >= MostMemo || stack.Count == 0 || stack[^1] == Mark) throw refused("its pickle is malformed: it remembers too much, or nothing");
        memo[key] = stack[^1];
    }

    private object? Recall(long key) => memo.TryGetValue(key, out object? value) ? value : throw refused($"its pickle is malformed: it recalls {key}, which was never remembered");

    private EdgeException Truncated() => refused("its pickle ends too early; it is truncated");
}
