package fill

var firstNames = []string{
	"Ada", "Ahmet", "Aiko", "Ana", "Anton", "Aoife", "Björn", "Carmen", "Chidi", "Chloé", "Dmitri", "Elif", "Émile",
	"Fatima", "Felix", "Giulia",
	"Grace", "Hanna", "Hugo", "Ines", "Ivan", "Jana", "João", "Jonas", "Kofi", "Lara", "Leon", "Lina", "Luca", "Maja",
	"Maria", "Marek", "Mei",
	"Mila", "Mohamed", "Nadia", "Niko", "Noah", "Olga", "Omar", "Paul", "Priya", "Rosa", "Sam", "Sara", "Sofia",
	"Søren", "Tariq", "Tom",
	"Uma", "Vera", "Viktor", "Wanda", "Yara", "Yusuf", "Zoë", "李", "明", "さくら", "민준", "Александр", "Ελένη", "نور",
}

var lastNames = []string{
	"Abebe", "Adeyemi", "Andersen", "Bauer", "Bianchi", "Brown", "Castro", "Chen", "Costa", "Díaz", "Dubois",
	"Eriksson", "Fischer", "Fontaine",
	"García", "Haddad", "Hansen", "Hoffmann", "Ito", "Ivanova", "Jansen", "Jensen", "Jones", "Kaya", "Keller", "Khan",
	"Kim", "Kovač", "Kowalski",
	"Kumar", "Larsen", "Lee", "Lopez", "Martin", "Meyer", "Moreau", "Müller", "Nakamura", "Ndiaye", "Nguyễn", "Novák",
	"Okafor", "Olsen", "Park",
	"Patel", "Pereira", "Petrov", "Popescu", "Ramos", "Rossi", "Sato", "Schmidt", "Schneider", "Silva", "Singh",
	"Smith", "Tanaka", "Taylor",
	"Tóth", "Ünal", "Weber", "Wilson", "Yıldız", "Zhang", "王", "田中", "김", "Иванов", "Παππά", "حسن",
}

var adjectives = []string{
	"Annual", "Autumn", "Big", "Bright", "Early", "Fast", "First", "Golden", "Great", "Green", "Grand", "Late",
	"Little", "Local", "Long", "Merry",
	"National", "New", "Night", "Northern", "Old", "Open", "Quick", "Quiet", "Regional", "Second", "Short", "Silver",
	"Southern", "Spring", "Summer",
	"Sunday", "Third", "Winter", "Young",
}

var nouns = []string{
	"Algorithms", "Backgammon", "Baking", "Beekeeping", "Bridge", "Chess", "Climbing", "Coding", "Cup", "Cycling",
	"Dance", "Debate", "Design", "Draughts",
	"Fencing", "Go", "Hackathon", "Juggling", "Marathon", "Mathematics", "Orienteering", "Photography", "Poetry",
	"Quiz", "Race", "Robotics", "Rowing",
	"Sailing", "Sculpture", "Skating", "Swimming", "Tournament", "Trail", "Triathlon", "Yoga",
}

var places = []string{
	"Aarhus", "Basel", "Bergen", "Bilbao", "Bologna", "Bordeaux", "Brno", "Cardiff", "Cork", "Delft", "Dresden",
	"Fukuoka", "Galway", "Gdańsk", "Ghent",
	"Graz", "Göteborg", "Haifa", "Izmir", "Košice", "Kraków", "Leeds", "Leuven", "Lille", "Linz", "Lund", "Lyon",
	"Malmö", "Nantes", "Oulu", "Padua",
	"Porto", "Poznań", "Riga", "Split", "Tartu", "Toulouse", "Turku", "Uppsala", "Utrecht", "València", "Zürich",
}

var tagNames = []string{
	"art", "beginners", "chess", "cooking", "dance", "design", "family", "go", "hackathon", "history", "math", "music",
	"night", "outdoors", "photo",
	"puzzles", "robotics", "running", "sailing", "school", "science", "sports", "team", "water", "winter", "words",
}
